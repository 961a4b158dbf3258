//! Another client edits aws-auth between every read and every write of the worker's, and right after its writes.

use super::{before_each, on_aws_auth};
use crate::worker::{PROD, USERS, World};
use latchkey_domain::eks::aws_auth::{AwsAuth, Data, UserMapping};
use latchkey_simulator::kubernetes::Objects;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

const EDITS: usize = 100;
/// The most edits before one write of the worker's: a run reads again five times.
const IN_A_ROW: usize = 4;

/// A client that edits aws-auth: each edit is made to the real data, and to the data as they would be without Latchkey.
struct Hand {
    /// The data as they would be if Latchkey had never been there.
    alone: Data,
    /// The entries in `alone` that this client made, as they are written now.
    own: Vec<String>,
    random: StdRng,
    made: usize,
    refused_ours: usize,
    /// Edits that are left before the worker's next write succeeds.
    left: usize,
    /// Whether to edit right after the worker's write.
    after: bool,
}

/// A kind of edit.
#[derive(Debug, Clone, Copy)]
enum Edit {
    AddAtTheEnd,
    AddAtTheStart,
    Remove,
    ChangeGroup,
    Reorder,
    Comment,
    RolesKey,
    OtherKey,
    FlowEntry,
    LineEnds,
}

const KINDS: [Edit; 10] = [
    Edit::AddAtTheEnd,
    Edit::AddAtTheStart,
    Edit::Remove,
    Edit::ChangeGroup,
    Edit::Reorder,
    Edit::Comment,
    Edit::RolesKey,
    Edit::OtherKey,
    Edit::FlowEntry,
    Edit::LineEnds,
];

/// A change of the data, made to both.
type Change = Box<dyn Fn(&mut Data)>;

fn users(change: impl Fn(&str) -> String + 'static) -> Change {
    Box::new(move |data| {
        let changed = change(&data["mapUsers"]);
        data.insert("mapUsers".into(), changed);
    })
}

impl Hand {
    fn new(alone: Data, seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self { alone, own: vec![], random, made: 0, refused_ours: 0, left: 1, after: false }
    }

    fn eol(&self) -> &'static str {
        if self.alone["mapUsers"].contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// Makes one edit to aws-auth as it is, and to `alone`.
    fn edit(&mut self, objects: &Objects) {
        let kind = KINDS.choose(&mut self.random).copied().unwrap();
        let change = self.change(kind);
        change(&mut self.alone);
        let before = objects.aws_auth_data().unwrap();
        let mut after = before.clone();
        change(&mut after);
        for (key, text) in after.iter().filter(|(key, text)| before.get(*key) != Some(text)) {
            objects.set_aws_auth(key, Some(text), "eksctl").unwrap();
        }
        self.made += 1;
    }

    fn change(&mut self, kind: Edit) -> Change {
        let (number, eol) = (self.made, self.eol());
        let which = (!self.own.is_empty()).then(|| self.random.random_range(0..self.own.len()));
        match (kind, which) {
            (Edit::AddAtTheEnd, _) | (Edit::Remove | Edit::ChangeGroup | Edit::Reorder | Edit::FlowEntry, None) => {
                let entry = block(number, eol);
                self.own.push(entry.clone());
                users(move |text| appended(text, &entry, eol))
            }
            (Edit::AddAtTheStart, _) => {
                let entry = block(number, eol);
                self.own.push(entry.clone());
                users(move |text| format!("{entry}{text}"))
            }
            (Edit::Remove, Some(at)) => {
                let entry = self.own.remove(at);
                users(move |text| text.replacen(&entry, "", 1))
            }
            (Edit::ChangeGroup, Some(at)) => {
                let entry = self.own[at].clone();
                let team = entry.split("team-").nth(1).unwrap().split(|c: char| !c.is_ascii_digit()).next().unwrap();
                let changed = entry.replace(&format!("team-{team}"), &format!("team-{}", 1_000 + number));
                self.own[at].clone_from(&changed);
                users(move |text| text.replacen(&entry, &changed, 1))
            }
            (Edit::Reorder, Some(at)) => {
                let entry = self.own[at].clone();
                users(move |text| appended(&text.replacen(&entry, "", 1), &entry, eol))
            }
            (Edit::Comment, _) => {
                let comment = format!("# edit {number}: ask the platform team{eol}");
                users(move |text| appended(text, &comment, eol))
            }
            (Edit::RolesKey, _) => Box::new(move |data| {
                let role = format!("- rolearn: arn:aws:iam::111122223333:role/r{number}\n  username: r{number}\n");
                data.entry("mapRoles".into()).or_default().push_str(&role);
            }),
            (Edit::OtherKey, _) => Box::new(move |data| {
                data.insert(format!("note-{number}"), format!("of edit {number}\n"));
            }),
            (Edit::FlowEntry, Some(at)) => {
                let entry = self.own[at].clone();
                let flow = flow(&entry, number, eol);
                self.own[at].clone_from(&flow);
                users(move |text| text.replacen(&entry, &flow, 1))
            }
            (Edit::LineEnds, _) => {
                let other = if eol == "\n" { "\r\n" } else { "\n" };
                for entry in &mut self.own {
                    *entry = entry.replace("\r\n", "\n").replace('\n', other);
                }
                users(move |text| text.replace("\r\n", "\n").replace('\n', other))
            }
        }
    }
}

fn appended(text: &str, what: &str, eol: &str) -> String {
    let between = if text.is_empty() || text.ends_with('\n') { "" } else { eol };
    format!("{text}{between}{what}")
}

fn block(number: usize, eol: &str) -> String {
    format!(
        "- userarn: arn:aws:iam::111122223333:user/f{number}{eol}  username: f{number}{eol}  groups:{eol}    - team-{number}{eol}"
    )
}

fn flow(entry: &str, number: usize, eol: &str) -> String {
    let user = entry.split("username: ").nth(1).unwrap();
    let user: String = user.chars().take_while(char::is_ascii_alphanumeric).collect();
    format!("- {{userarn: arn:aws:iam::111122223333:user/{user}, username: {user}, groups: [team-{number}]}}{eol}")
}

/// Edits before every write of the worker's, two to four times, and between that write and the worker's next read.
fn let_edit(world: &World, hand: &Arc<Mutex<Hand>>) {
    let knobs = world.knobs(PROD);
    let own = Arc::clone(hand);
    before_each(
        &knobs,
        on_aws_auth("patch"),
        Arc::new(move |objects| {
            let mut hand = own.lock().unwrap();
            if hand.left == 0 || hand.made >= EDITS {
                hand.left = hand.random.random_range(2..=IN_A_ROW);
                hand.after = true;
                return;
            }
            hand.left -= 1;
            hand.refused_ours += 1;
            hand.edit(objects);
        }),
    );
    let own = Arc::clone(hand);
    before_each(
        &knobs,
        on_aws_auth("get"),
        Arc::new(move |objects| {
            let mut hand = own.lock().unwrap();
            if hand.after && hand.made < EDITS {
                hand.edit(objects);
            }
            hand.after = false;
        }),
    );
}

/// Asserts that aws-auth without Latchkey's entries says what the other client meant it to say.
fn assert_theirs_stands(world: &World, hand: &Hand) {
    let there = world.aws_auth(PROD);
    let theirs = |data: &Data| -> Vec<UserMapping> {
        let users = AwsAuth::read(data).identities().users.clone();
        users.into_iter().filter(|user| !user.username.starts_with("latchkey:")).collect()
    };
    assert_eq!(theirs(&there), theirs(&hand.alone));
    let others = |data: &Data| -> BTreeMap<String, String> {
        data.iter().filter(|(key, _)| *key != "mapUsers").map(|(key, text)| (key.clone(), text.clone())).collect()
    };
    assert_eq!(others(&there), others(&hand.alone));
    for comment in hand.alone["mapUsers"].lines().filter(|line| line.starts_with('#')) {
        assert!(there["mapUsers"].contains(comment), "{comment} is gone");
    }
}

fn seed() -> u64 {
    let given = std::env::var("LATCHKEY_SEED").ok().and_then(|seed| seed.parse().ok());
    let day = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs() / 86_400);
    given.unwrap_or(day)
}

#[tokio::test]
async fn a_hundred_foreign_edits_amid_our_reads_and_writes_all_survive() {
    let seed = seed();
    println!("foreign edits of seed {seed} (LATCHKEY_SEED={seed} repeats them)");
    let world = World::new().await;
    let hand = Arc::new(Mutex::new(Hand::new(world.aws_auth(PROD), seed)));
    world.knobs(PROD).clear_requests();
    let_edit(&world, &hand);
    let (mut changes, mut survived) = (0, 0);
    while hand.lock().unwrap().made < EDITS {
        let (ana, gus) = (world.approved("ana").await, world.approved("gus").await);
        for grant in [ana, gus] {
            world.until(grant, "active").await;
        }
        assert_theirs_stands(&world, &hand.lock().unwrap());
        for (handle, grant) in [("ana", ana), ("gus", gus)] {
            world.give_back(handle, grant).await;
            world.until(grant, "ended").await;
            assert_theirs_stands(&world, &hand.lock().unwrap());
        }
        changes += 4;
        let hand = hand.lock().unwrap();
        assert_eq!(world.aws_auth(PROD), hand.alone, "byte for byte what it would be without us, after {}", hand.made);
        survived = hand.made;
    }
    let (made, refused) = {
        let hand = hand.lock().unwrap();
        (hand.made, hand.refused_ours)
    };
    let writes = world.accepted_writes();
    println!(
        "foreign edits: {made} made, {survived} survived, {writes} of our writes ({changes} accesses begun or ended; {refused} \
         of our writes were refused, since somebody was faster)"
    );
    assert_eq!((made, survived), (EDITS, EDITS));
    assert!(writes <= changes, "{writes} writes for {changes} changes is a fight");
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401);
}

#[tokio::test]
async fn a_text_in_flow_style_or_without_a_last_newline_is_theirs_all_the_same() {
    let flow = "[{\"userarn\": \"arn:aws:iam::111122223333:user/latchkey-worker\", \"username\": \"latchkey-worker\"}]";
    for (before, added, expected) in [
        (
            flow,
            (", {\"userarn\": \"arn:aws:iam::111122223333:user/f\", \"username\": \"f\"}]", "]"),
            flow.replace(']', ", {\"userarn\": \"arn:aws:iam::111122223333:user/f\", \"username\": \"f\"}]"),
        ),
        (
            USERS.trim_end(),
            ("\n- userarn: arn:aws:iam::111122223333:user/f\n  username: f", ""),
            format!("{}\n- userarn: arn:aws:iam::111122223333:user/f\n  username: f", USERS.trim_end()),
        ),
    ] {
        let world = World::with_users(before).await;
        let (insert, last) = added;
        world.knobs(PROD).before(on_aws_auth("patch"), move |objects| {
            let text = objects.aws_auth_data().unwrap()["mapUsers"].clone();
            let text = format!("{}{insert}", text.strip_suffix(last).unwrap());
            objects.set_aws_auth("mapUsers", Some(&text), "cdk").unwrap();
        });
        let grant = world.active("ana").await;
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
        world.ends_clean("ana", grant).await;
        assert_eq!(world.aws_auth(PROD)["mapUsers"], expected);
    }
}

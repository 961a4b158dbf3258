//! Locks are taken in one order everywhere. One transaction is held back before each of its statements while every
//! other runs: whichever of them waits for the other, both end, and neither as the victim of a deadlock.

use super::{
    acts::{ALL, Act},
    gate::{Commits, Statement, Stop},
    scene::{Hands, Scene, said, somebody_waits, sqlstate},
};
use std::{collections::BTreeMap, time::Duration};

/// How often the test looks for a wait for a lock.
const LOOK: Duration = Duration::from_millis(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_waits_for_whatever_both_end() {
    let scene = fought_over().await;
    let (first, second) = (hands(&scene).await, hands(&scene).await);
    let mut statements = BTreeMap::new();
    for act in ALL {
        for hands in [&first, &second] {
            hands.gate.set(None);
            if let Err(error) = act.run(&scene, hands).await {
                panic!("{act:?} alone: {}", said(error.as_ref()));
            }
        }
        statements.insert(act, second.gate.passed());
    }
    let (mut tried, mut waited, mut broken) = (0, 0, vec![]);
    for (held, points) in &statements {
        for point in inside_transactions(points) {
            let mut rest = ALL.as_slice();
            while let Some((other, next)) = rest.split_first() {
                let mut round =
                    Round { scene: &scene, first: &first, second: &second, held: *held, point, broken: &mut broken };
                let (done, waits) = Box::pin(round.run(std::iter::once(other).chain(next))).await;
                tried += done;
                waited += usize::from(waits);
                rest = &rest[done..];
            }
        }
    }
    println!(
        "lock order: {} actions, {tried} pairs with one held back at each of its statements, {waited} of them waited",
        ALL.len()
    );
    assert!(broken.is_empty(), "{} of them broke:\n{}", broken.len(), broken.join("\n"));
    assert!(waited > 100, "hardly anything waited for anything: {waited}");
}

/// The scene while work is under way: a worker has claimed every target, one cluster is fenced, a line of ana's is
/// intended.
pub async fn fought_over() -> Scene {
    let mut scene = Scene::new().await;
    scene.claim().await;
    let fence = "update target set fenced_since = now(), fenced_why = 'a test' where key = $1";
    sqlx::query(fence).bind(scene.staging.0).execute(scene.town.owner.pool()).await.unwrap();
    let mapping = "insert into mapping (principal_id, cluster_id, visit, username, own, state, intended_at)
         values ($1, $2, 1, 'latchkey:ana:1', true, 'intended', now())";
    sqlx::query(mapping).bind(scene.ana.0).bind(scene.staging.0).execute(scene.town.owner.pool()).await.unwrap();
    scene
}

async fn hands(scene: &Scene) -> Hands {
    Hands::new(&scene.town, Commits::Undone).await
}

/// The statements before which a transaction holds more locks than before the statement ahead of them.
fn inside_transactions(statements: &[Statement]) -> Vec<Stop> {
    let transactions = statements.split(|statement| statement.text == "BEGIN").skip(1).enumerate();
    let mut points = Vec::new();
    for (transaction, rest) in transactions {
        let end = rest.iter().position(|statement| matches!(statement.text.as_str(), "COMMIT" | "ROLLBACK"));
        for at in 1..=end.unwrap_or_default() {
            if rest[at - 1].locks() {
                // BEGIN itself is number 0.
                points.push(Stop::Within(transaction, at + 1));
            }
        }
    }
    points
}

struct Round<'a> {
    scene: &'a Scene,
    first: &'a Hands,
    second: &'a Hands,
    held: Act,
    point: Stop,
    broken: &'a mut Vec<String>,
}

impl Round<'_> {
    /// Holds one act back and runs the others, up to the first that has to wait for it; then lets it go. Gives how many
    /// were run, and whether the last of them waited.
    async fn run<'b>(&mut self, others: impl Iterator<Item = &'b Act>) -> (usize, bool) {
        self.first.gate.set(Some(self.point));
        let held = self.held.run(self.scene, self.first);
        tokio::pin!(held);
        tokio::select! {
            ended = &mut held => panic!("{:?} has no statement {:?}: {:?}", self.held, self.point, ended.map_err(|error| said(error.as_ref()))),
            () = self.first.gate.reached() => {}
        }
        let mut done = 0;
        let mut waits = false;
        for other in others {
            done += 1;
            self.second.gate.set(None);
            let run = other.run(self.scene, self.second);
            tokio::pin!(run);
            let ended = loop {
                tokio::select! {
                    ended = &mut run => break Some(ended),
                    () = tokio::time::sleep(LOOK) => {
                        if somebody_waits(&self.scene.town).await {
                            break None;
                        }
                    }
                }
            };
            if let Some(ended) = ended {
                self.check(*other, ended);
                continue;
            }
            waits = true;
            self.first.gate.release();
            let (one, two) = tokio::join!(&mut held, &mut run);
            self.check(self.held, one);
            self.check(*other, two);
            return (done, waits);
        }
        self.first.gate.release();
        self.check(self.held, held.await);
        (done, waits)
    }

    fn check(&mut self, act: Act, ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
        let Err(error) = ended else { return };
        self.broken.push(format!(
            "{act:?}, with {:?} held back at {:?}: {} (SQLSTATE {:?})",
            self.held,
            self.point,
            said(error.as_ref()),
            sqlstate(error.as_ref())
        ));
    }
}

//! Removing an entry leaves every byte of foreign text, whatever is around it.

use super::*;
use crate::{
    access::{PersonId, PrincipalId},
    plan::authenticator::{RecordedMapping, Removal, Visiting, without},
};
use uuid::Uuid;

const HEADS: [&str; 5] = ["", "# people of the platform team\n", "---\n", "# one\n---\n", "\n\n"];
const TAILS: [&str; 8] = [
    "",
    "# none besides\n",
    "...\nnotes of somebody, never read\n",
    "...\n# notes of somebody\n",
    "---\n- userarn: arn:aws:iam::111122223333:user/later\n  username: later\n",
    "...\n---\n{a: [b}\n",
    "\n\n",
    "# - userarn: \"arn:aws:iam::111122223333:user/jane\"\n#   username: \"latchkey:jane:1\"\n",
];
/// The entry as a block, in foreign brackets, and as another tool writes it.
const ENTRIES: [(&str, &str, &str); 5] = [
    ("", "- userarn: \"arn:aws:iam::111122223333:user/jane\"\n  username: \"latchkey:jane:1\"\n  groups: []\n", ""),
    (
        "[",
        "{\"userarn\": \"arn:aws:iam::111122223333:user/jane\", \"username\": \"latchkey:jane:1\", \"groups\": []}",
        "]\n",
    ),
    (
        "[ ",
        "{\"userarn\": \"arn:aws:iam::111122223333:user/jane\", \"username\": \"latchkey:jane:1\", \"groups\": []}",
        ",] # none\n",
    ),
    ("", "- groups: []\n  userarn: arn:aws:iam::111122223333:user/jane\n  username: latchkey:jane:1\n", ""),
    ("", "- {username: 'latchkey:jane:1', userarn: arn:aws:iam::111122223333:user/jane}\n", ""),
];
/// Foreign entries beside it, with an anchor and unknown fields.
const BESIDE: [&str; 3] = [
    "",
    "- userarn: arn:aws:iam::111122223333:user/joe # of the platform\n  username: joe\n  team: [a, 'b']\n",
    "- &joe\n  username: joe\n  userarn: arn:aws:iam::111122223333:user/joe\n",
];

/// What is left of a text: the text without the entry, with an empty list allowed in its place.
fn is_left(before: [&str; 2], after: Option<&str>) -> bool {
    let [front, behind] = before;
    let text = after.unwrap_or_default();
    let comma = behind.strip_prefix(',').unwrap_or(behind);
    let brackets = format!("{front}[]\n{behind}");
    text == [front, behind].concat() || text == [front, comma].concat() || text == brackets
}

/// The row that was recorded when an entry was written.
fn recorded(inserted: &str, text_before: String) -> RecordedMapping {
    RecordedMapping {
        principal: PrincipalId(Uuid::from_u128(1)),
        visiting: Visiting::Person(PersonId(Uuid::from_u128(2))),
        arn: JANE.to_owned(),
        visit: 1,
        username: "latchkey:jane:1".to_owned(),
        own: true,
        entry: None,
        moves: false,
        key: Some(Key::MapUsers),
        inserted: Some(inserted.to_owned()),
        text_before: Some(text_before),
        written: true,
        writes: 1,
        wrote_ago: None,
    }
}

#[test]
fn whatever_stands_around_an_entry_is_the_same_when_it_is_gone() {
    let (mut taken, mut refused) = (0, 0);
    for (head, tail) in HEADS.iter().flat_map(|head| TAILS.iter().map(move |tail| (head, tail))) {
        for (beside, (open, entry, close)) in BESIDE.iter().flat_map(|b| ENTRIES.iter().map(move |e| (b, e))) {
            if !open.is_empty() && !beside.is_empty() {
                continue;
            }
            for line_break in ["\n", "\r\n"] {
                let with = |text: &str| text.replace('\n', line_break);
                let (front, behind) = (with(&format!("{head}{beside}{open}")), with(&format!("{close}{tail}")));
                let entry = with(entry);
                let data = data(&[front.as_str(), &entry, &behind].concat());
                let auth = AwsAuth::read(&data);
                if auth.identities().users.iter().all(|user| user.userarn != JANE) {
                    continue;
                }
                let is_left = |after: Option<&str>| {
                    is_left([&front, &behind], after)
                        || is_left([&front, &behind], after.map(|text| text.replace("[]\r\n", "[]\n")).as_deref())
                };
                let recorded = recorded(&entry, [front.as_str(), &behind].concat());
                let elsewhere = RecordedMapping { inserted: Some("- other: bytes\n".into()), ..recorded.clone() };
                let by_tool = auth.edit(&Edit::Remove { arn: JANE.to_owned() }).map(|spliced| spliced.data(&data)).ok();
                let by_worker = [&recorded, &elsewhere].map(|recorded| match without(&data, recorded) {
                    Removal::Without(data) => Some(data),
                    Removal::Nothing => panic!("nothing to take out of {data:?}"),
                    Removal::Stuck(_) => None,
                });
                for gone in [by_tool].into_iter().chain(by_worker) {
                    let Some(gone) = gone else {
                        refused += 1;
                        continue;
                    };
                    taken += 1;
                    let after = gone.get("mapUsers").map(String::as_str);
                    assert!(is_left(after), "{data:?} became {after:?}");
                    let users = |data: &Data| AwsAuth::read(data).identities().users.clone();
                    let rest: Vec<_> = users(&data).into_iter().filter(|user| user.userarn != JANE).collect();
                    assert_eq!(users(&gone), rest, "{data:?} became {after:?}");
                }
            }
        }
    }
    assert!(taken > 1_000 && refused < taken / 10, "{taken} taken, {refused} refused");
}

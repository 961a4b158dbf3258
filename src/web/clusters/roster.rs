//! Who can get into a cluster, as one table over lines, access entries and RBAC, with the accesses behind them.

use crate::{
    actions::ways_in::{ROWS, WaysIn, arn, is_line},
    store::read::mapped::{MappedAccess, PrincipalChange},
    web::html::Html,
    words::{Clock, entries as words},
};
use latchkey_domain::{
    eks::arn::arn_key,
    plan::authenticator::{LetIn, MappingKind, Source, WayIn, WayKind},
};

/// A row of the table.
#[derive(Debug, Clone)]
pub struct WayRow {
    pub who: String,
    pub source: &'static str,
    /// What one has to know about this mapping.
    pub note: Option<Html>,
    /// Whether the note is a warning.
    pub warns: bool,
    pub username: Option<String>,
    pub groups: Vec<String>,
    pub policies: Vec<String>,
    pub everything: bool,
    /// Since when its fields are known to be so, if not since the last look.
    pub as_of: Option<Html>,
    /// Whether its fields were read.
    pub read: bool,
    pub may: Vec<Html>,
    pub accesses: Vec<AccessOfWay>,
    /// Who decided the mapping, if no access did.
    pub decided: Option<Html>,
}

/// An access behind a mapping.
#[derive(Debug, Clone)]
pub struct AccessOfWay {
    pub address: String,
    /// "Ben Okafor, until 16:30 CET, by Meg Ito".
    pub said: Html,
}

/// The table and the way to the rest of it.
#[derive(Debug, Clone)]
pub struct Roster {
    pub rows: Vec<WayRow>,
    /// "1 to 100 of 340", if there are more than a page shows.
    pub span: Option<String>,
    pub earlier: Option<String>,
    pub later: Option<String>,
    /// How far the reading of every entry is.
    pub reading: Html,
    /// What the button for it says.
    pub ask: &'static str,
    /// Whether a reading waits or is under way: then there is no need to ask.
    pub is_reading: bool,
    /// What makes the table incomplete.
    pub not_seen: Vec<Html>,
}

impl Roster {
    /// The table for people; `address` is the cluster's page.
    pub fn of(ways: &WaysIn, address: &str, clock: &Clock) -> Self {
        let last = ways.from + ways.shown.len();
        let at = |from: usize| format!("{address}?from={from}#who");
        let is_part = ways.from > 0 || last < ways.all;
        Self {
            rows: ways.shown.iter().map(|way| row(ways, way, clock)).collect(),
            span: is_part.then(|| format!("{} to {last} of {}", ways.from + 1, ways.all)),
            earlier: (ways.from > 0).then(|| at(ways.from.saturating_sub(ROWS))),
            later: (last < ways.all).then(|| at(last)),
            reading: Html::sentence(&words::reading(ways.reading.as_ref(), ways.has_entries, clock)),
            ask: match (&ways.reading, ways.has_entries) {
                (Some(_), _) => "Read again",
                (None, true) => "Read every entry",
                (None, false) => "Look them up",
            },
            is_reading: ways.reading.as_ref().is_some_and(|reading| reading.waits || reading.ended_at.is_none()),
            not_seen: ways.not_seen.iter().map(|not_seen| Html::prose(&words::not_seen(not_seen))).collect(),
        }
    }
}

fn row(ways: &WaysIn, way: &WayIn, clock: &Clock) -> WayRow {
    let recorded: Vec<&MappedAccess> = ways.mapped.iter().filter(|row| is_of(row, way)).collect();
    let is_own = recorded.iter().any(|row| row.own && is_same(row, way));
    let is_unread = matches!(way.by, Source::UnreadEntry(_));
    let became = arn(way).and_then(|arn| ways.became.get(&arn)).filter(|_| is_line(way));
    let note = match became {
        Some(PrincipalChange::Another) => Some(words::ANOTHER_GETS_IN),
        Some(PrincipalChange::Gone) => Some(words::GONE_USER),
        None if way.by == Source::Binding || is_own => None,
        None if matches!(way.kind, WayKind::Copied | WayKind::Own) => Some(words::NOT_RECORDED),
        None => None,
    };
    let warns = note.is_some();
    let note = note.map(Html::prose).or_else(|| words::note(way).map(|note| Html::prose(&note)));
    let accesses: Vec<AccessOfWay> = recorded.iter().filter_map(|row| access(row, clock)).collect();
    WayRow {
        who: words::who(&way.who),
        source: words::source(&way.by),
        note,
        warns,
        username: way.username.clone().filter(|name| !name.is_empty()),
        groups: way.groups.clone(),
        policies: way.policies.clone(),
        everything: way.everything,
        as_of: way.as_of.map(|at| Html::sentence(&words::as_of(at, clock))),
        read: !is_unread,
        may: way.roles.iter().map(|role| Html::prose(&words::bound(role))).collect(),
        decided: match (accesses.is_empty(), is_own) {
            _ if is_unread && recorded.iter().any(|row| row.own) => Some(Html::prose(words::RECORDED_AND_UNREAD)),
            (true, _) => Some(Html::prose(words::decided(way.kind, is_own))),
            // An access binds to the name that another client gave.
            (false, false) => Some(Html::prose(words::MAPPED_BY_OTHERS)),
            (false, true) => None,
        },
        accesses,
    }
}

/// Whether a recorded mapping is of the same ARN and kind, and gives this username.
fn is_of(row: &MappedAccess, way: &WayIn) -> bool {
    let kind = match way.by {
        Source::Line | Source::OverriddenLine => MappingKind::Line,
        Source::Entry | Source::UnreadEntry(_) => MappingKind::Entry,
        Source::Binding => return false,
    };
    let is_arn = matches!(&way.who, LetIn::Arn(arn) if arn_key(arn) == arn_key(&row.arn));
    is_arn && row.kind == kind && way.username.as_ref().is_none_or(|name| *name == row.username)
}

/// Whether it is the very mapping that was recorded: an entry that another client made has another id. Until its id was
/// seen, an entry of Latchkey's is known by its tag.
fn is_same(row: &MappedAccess, way: &WayIn) -> bool {
    match (&way.by, &row.entry_id, &way.entry_id) {
        (Source::UnreadEntry(_), ..) => false,
        (_, Some(recorded), Some(seen)) => recorded == seen,
        (Source::Entry, ..) => way.tagged && way.groups.is_empty() && way.policies.is_empty(),
        _ => way.groups.is_empty(),
    }
}

fn access(row: &MappedAccess, clock: &Clock) -> Option<AccessOfWay> {
    let access = row.access.as_ref()?;
    let said = Html::sentence(&words::decided_access(&row.person, row.everyone, access, clock));
    Some(AccessOfWay { address: format!("/grants/{}", access.id), said })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Clock;
    use latchkey_domain::{
        access::{GrantId, decided::DecidedAccess},
        plan::{
            authenticator::ways_in,
            observation::{AccessEntry, EntryDetails, EntryFields, EntryHolders},
        },
    };
    use latchkey_testkit::{observation, user_arn};
    use uuid::Uuid;

    fn entry(who: &str, id: &str, username: &str) -> AccessEntry {
        let fields = EntryFields { id: id.into(), username: username.into(), ..EntryFields::default() };
        AccessEntry { arn: user_arn(who), details: EntryDetails::Read(fields) }
    }

    fn recorded(who: &str, id: &str, username: &str, own: bool) -> MappedAccess {
        let access = DecidedAccess {
            id: GrantId(Uuid::nil()),
            until: None,
            ends: true,
            approvers: Some(vec!["Meg".into(), "Leo".into(), "Ida".into()]),
        };
        let (arn, username, person) = (user_arn(who), username.into(), who.into());
        let entry_id = own.then(|| id.into());
        MappedAccess {
            arn,
            username,
            kind: MappingKind::Entry,
            entry_id,
            own,
            person,
            everyone: false,
            access: Some(access),
        }
    }

    #[test]
    fn a_mapping_is_latchkeys_if_it_is_the_recorded_one_and_not_by_its_name() {
        let mut observed = observation("prod-eu").seen("2026-11-24T13:58:00Z".parse().unwrap());
        observed.entries = EntryHolders::Listed(vec![
            entry("ana", "own", "latchkey:ana:1"),
            entry("ben", "made-anew-by-others", "latchkey:ben:1"),
            entry("eve", "copied", "latchkey:ana:1"),
            entry("gus", "theirs", "gus"),
        ]);
        let names = [(user_arn("ana"), "latchkey:ana:1".into()), (user_arn("ben"), "latchkey:ben:1".into())].into();
        let ways = WaysIn {
            shown: ways_in(&observed, &[], &names),
            mapped: vec![
                recorded("ana", "own", "latchkey:ana:1", true),
                recorded("ben", "own", "latchkey:ben:1", true),
                recorded("gus", "", "gus", false),
            ],
            ..WaysIn::default()
        };
        let clock = Clock::new("2026-11-24T14:00:00Z".parse().unwrap(), jiff::tz::TimeZone::UTC);
        let roster = Roster::of(&ways, "/clusters/1", &clock);
        let told = |who: &str| {
            let row = roster.rows.iter().find(|row| row.who == user_arn(who)).unwrap();
            let decided = row.decided.as_ref().map(ToString::to_string).unwrap_or_default();
            (row.warns, row.accesses.len(), decided)
        };
        let theirs = words::MAPPED_BY_OTHERS.to_owned();
        assert_eq!(told("ana"), (false, 1, String::new()));
        assert_eq!(told("ben"), (true, 1, theirs.clone()), "another entry in the place of Latchkey's");
        assert_eq!(told("eve"), (true, 0, "Nobody here".to_owned()), "a copy of ana's name");
        assert_eq!(told("gus"), (false, 1, theirs), "an access binds to the name that is there");
        let ana = roster.rows.iter().find(|row| row.who == user_arn("ana")).unwrap();
        assert_eq!(ana.accesses[0].said.to_string(), "ana, being taken away, approved by Meg, Leo and Ida");
    }
}

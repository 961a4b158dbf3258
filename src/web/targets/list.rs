//! All targets, those in trouble first.

use super::{address, kind_of};
use crate::{
    store::read::{
        PAGE,
        target::{self, TargetRow, TargetSearch},
    },
    web::{
        Failure, SignedIn, State,
        html::Html,
        icon::Icon,
        layout::{Layout, NavItem},
        look::{Pill, Tone},
        requests::is_prod,
    },
    words,
};
use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{Query, State as Extract};
use jiff::Timestamp;
use latchkey_domain::access::{grant::Trouble, transition::Target};
use serde::Deserialize;

/// See the module.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "targets/list.html")]
pub struct TargetsPage {
    pub layout: Layout,
    pub filter: TargetFilter,
    /// Empty on later pages.
    pub troubled: Vec<TargetListRow>,
    /// Whether there are more targets in trouble than are shown.
    pub more_troubled: bool,
    pub rows: Vec<TargetListRow>,
    pub more: Option<String>,
    pub later: bool,
}

/// A target.
#[derive(Debug, Clone)]
pub struct TargetListRow {
    pub address: String,
    pub name: String,
    pub kind: &'static str,
    pub person: Option<String>,
    pub prod: bool,
    pub pill: Pill,
    pub marks: Vec<Pill>,
    pub why: Option<Html>,
    pub live: String,
    pub ran_at: Option<Timestamp>,
}

/// The filters, as they are written in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TargetFilter {
    pub kind: String,
    pub find: String,
    pub after: String,
}

/// `GET /targets`.
pub async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Query(filter): Query<TargetFilter>,
) -> Result<TargetsPage, Failure> {
    signed_in.operator()?;
    let wanted = filter.wanted();
    let later = wanted.after.is_some();
    let troubled = if later {
        Vec::new()
    } else {
        target::list(&state.store, &TargetSearch { in_trouble: true, ..wanted.clone() }, PAGE + 1).await?
    };
    let rows = target::list(&state.store, &wanted, PAGE + 1).await?;
    Ok(TargetsPage::new(&signed_in, filter, troubled, rows))
}

impl TargetFilter {
    fn wanted(&self) -> TargetSearch {
        // The database refuses a NUL in a text. No name contains control characters, so such a filter finds nothing.
        let find = self.find.trim().replace(char::is_control, "\u{fffd}");
        let after = self.after.split_once('.').and_then(|(kind, key)| Target::from_columns(kind, key.parse().ok()?));
        TargetSearch {
            kind: Some(self.kind.clone()).filter(|kind| kind == "cluster" || kind == "principal"),
            find: Some(find).filter(|find| !find.is_empty()),
            in_trouble: false,
            after,
        }
    }

    fn next(&self, after: Target) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("kind", &self.kind), ("find", &self.find)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.append_pair("after", &format!("{}.{}", after.kind(), after.key()));
        format!("/targets?{}", query.finish())
    }

    /// Whether any filter is set.
    pub fn is_set(&self) -> bool {
        !self.kind.is_empty() || !self.find.trim().is_empty()
    }
}

impl TargetsPage {
    pub(super) fn new(
        signed_in: &SignedIn,
        filter: TargetFilter,
        mut troubled: Vec<TargetRow>,
        mut rows: Vec<TargetRow>,
    ) -> Self {
        let (more_troubled, goes_on) = (troubled.len() > PAGE, rows.len() > PAGE);
        troubled.truncate(PAGE);
        rows.truncate(PAGE);
        let shown = |rows: &[TargetRow]| rows.iter().map(|row| TargetListRow::of(row, signed_in)).collect::<Vec<_>>();
        Self {
            layout: signed_in.layout(NavItem::Targets, "Targets"),
            later: !filter.after.is_empty(),
            more: rows.last().filter(|_| goes_on).map(|last| filter.next(last.target)),
            troubled: shown(&troubled),
            more_troubled,
            rows: shown(&rows),
            filter,
        }
    }
}

impl TargetListRow {
    fn of(row: &TargetRow, signed_in: &SignedIn) -> Self {
        let (pill, marks) = state(row);
        let (kind, name) = match row.target {
            Target::Cluster(_) => ("Cluster", row.name.clone()),
            Target::Principal(_) => (kind_of(&row.name), row.name.rsplit('/').next().unwrap_or(&row.name).to_owned()),
        };
        Self {
            address: address(row.target),
            name,
            kind,
            person: row.person.clone(),
            prod: is_prod(&signed_in.policy.file, &row.name),
            pill,
            marks,
            why: row.why.as_ref().map(|why| Html::prose(&words::blocker::sentence(why))),
            live: words::targets::accesses_and_waiting(row.live, row.waiting),
            ran_at: row.ran_at,
        }
    }
}

/// The state of a target: the most severe first. A pause is the state if nothing else is wrong, and else a mark.
fn state(row: &TargetRow) -> (Pill, Vec<Pill>) {
    let mut marks = Vec::new();
    if row.fenced {
        marks.push(Pill::new(Tone::Danger, Icon::Lock, "Only revokes"));
    }
    let pill = if row.overdue > 0 {
        if row.blocked > 0 {
            marks.push(Pill::trouble(Trouble::Blocked));
        }
        super::OVERDUE
    } else if row.blocked > 0 || row.fenced {
        Pill::trouble(Trouble::Blocked)
    } else if row.retrying > 0 || row.failed {
        Pill::trouble(Trouble::Retrying)
    } else {
        if row.wider > 0 && row.paused {
            marks.push(super::PAUSED);
        }
        return (super::untroubled(row.wider > 0, row.paused, row.waiting > 0), marks);
    };
    if row.wider > 0 {
        marks.push(Pill::ALLOWS_MORE);
    }
    if row.paused {
        marks.insert(0, super::PAUSED);
    }
    (pill, marks)
}

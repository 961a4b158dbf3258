//! `mapAccounts`, which the authenticator decodes straight from YAML into a list of strings.

use super::yaml::Fault;
use super::yaml::document::{Document, Kind, NodeId};
use super::yaml::scalar::{self, Resolved};

/// What the authenticator reads from `mapAccounts`.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    pub list: Vec<String>,
    pub faults: Vec<Fault>,
}

pub(super) fn accounts(document: &Document) -> Accounts {
    let mut accounts = Accounts::default();
    let Some(root) = document.root else { return accounts };
    let node = document.node(root);
    match &node.kind {
        Kind::Sequence { items, .. } => fill(&mut accounts, document, items),
        Kind::Scalar(scalar) => match scalar::resolve(scalar) {
            Ok(Resolved::Null) => {}
            Ok(_) => accounts.faults.push(Fault::new(node.line, "the list of accounts is not a list")),
            Err(message) => accounts.faults.push(Fault::new(node.line, message)),
        },
        Kind::Mapping { .. } | Kind::Alias(_) => {
            accounts.faults.push(Fault::new(node.line, "the list of accounts is a mapping, not a list"));
        }
    }
    accounts
}

fn fill(accounts: &mut Accounts, document: &Document, items: &[NodeId]) {
    for &item in items {
        let node = document.node(item);
        let target = if let Kind::Alias(target) = node.kind { document.node(target) } else { node };
        match &target.kind {
            Kind::Scalar(scalar) => match scalar::resolve(scalar) {
                Ok(Resolved::Null) => accounts.list.push(String::new()),
                // The tag is checked, but the text counts, unless the tag is one for bytes.
                Ok(Resolved::Text(text)) => accounts.list.push(text.into_owned()),
                Ok(_) => accounts.list.push(scalar.value.clone()),
                Err(message) => {
                    // Go allocated the whole list before it failed.
                    accounts.list.resize(items.len(), String::new());
                    accounts.faults.push(Fault::new(target.line, message));
                    return;
                }
            },
            Kind::Sequence { .. } | Kind::Mapping { .. } | Kind::Alias(_) => {
                accounts.faults.push(Fault::new(node.line, "an account is a collection, not a string"));
            }
        }
    }
}

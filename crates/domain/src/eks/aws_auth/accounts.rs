//! `mapAccounts`, which the authenticator decodes straight from YAML into a list of strings.

use super::yaml::YamlFault;
use super::yaml::document::{Document, NodeId, NodeKind};
use super::yaml::scalar::{self, Resolved};

/// What the authenticator reads from `mapAccounts`.
#[derive(Debug, Default)]
pub(super) struct MappedAccounts {
    pub list: Vec<String>,
    pub faults: Vec<YamlFault>,
}

pub(super) fn accounts(document: &Document) -> MappedAccounts {
    let mut accounts = MappedAccounts::default();
    let Some(root) = document.root else { return accounts };
    let node = document.node(root);
    match &node.kind {
        NodeKind::Sequence { items, .. } => fill(&mut accounts, document, items),
        NodeKind::Scalar(scalar) => match scalar::resolve(scalar) {
            Ok(Resolved::Null) => {}
            Ok(_) => accounts.faults.push(YamlFault::new(node.line, "the list of accounts is not a list")),
            Err(message) => accounts.faults.push(YamlFault::new(node.line, message)),
        },
        NodeKind::Mapping { .. } | NodeKind::Alias(_) => {
            accounts.faults.push(YamlFault::new(node.line, "the list of accounts is a mapping, not a list"));
        }
    }
    accounts
}

fn fill(accounts: &mut MappedAccounts, document: &Document, items: &[NodeId]) {
    for &item in items {
        let node = document.node(item);
        let target = if let NodeKind::Alias(target) = node.kind { document.node(target) } else { node };
        match &target.kind {
            NodeKind::Scalar(scalar) => match scalar::resolve(scalar) {
                Ok(Resolved::Null) => accounts.list.push(String::new()),
                // The tag is checked, but the text counts, unless the tag is one for bytes.
                Ok(Resolved::Text(text)) => accounts.list.push(text.into_owned()),
                Ok(_) => accounts.list.push(scalar.value.clone()),
                Err(message) => {
                    // Go allocated the whole list before it failed.
                    accounts.list.resize(items.len(), String::new());
                    accounts.faults.push(YamlFault::new(target.line, message));
                    return;
                }
            },
            NodeKind::Sequence { .. } | NodeKind::Mapping { .. } | NodeKind::Alias(_) => {
                accounts.faults.push(YamlFault::new(node.line, "an account is a collection, not a string"));
            }
        }
    }
}

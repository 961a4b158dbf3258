//! The words for what never works, why, and what works differently from how it looks.

use super::{super::join_and, Remark, Unworkable, Why};
use std::fmt;

impl fmt::Display for Unworkable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As the rule spells them: "read" for `get` would hide the word that is meant.
        let verbs = join_and(&self.what.verbs);
        let things = join_and(&self.what.things);
        write!(f, "{verbs} {things}{} ({})", self.what.names_phrase(), self.why)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = |name: &str| if name.is_empty() { "the core group, \"\"".to_owned() } else { format!("`{name}`") };
        match self {
            Self::NoName(verb) => write!(
                f,
                "a request to {} carries no name that `resource_names` could be compared with: give `{verb}` a rule \
                 without names",
                if verb == "create" { "create" } else { "delete a collection" }
            ),
            Self::Pattern => f.write_str(
                "a `*` stands for everything only where it stands alone, or for all kinds in `*/PART`; elsewhere it is \
                 compared as it is, and so are several texts in one",
            ),
            Self::NoVerb => f.write_str("Kubernetes asks for no such verb"),
            Self::NoPath => f.write_str(
                "a path begins with `/`, has a `*` at its end alone, and is asked for by get, post, put, patch, delete, head \
                 or options",
            ),
            Self::Letters(right) => write!(f, "verbs are compared letter by letter: `{right}` is meant"),
            Self::Group(right) => write!(f, "no API group has that name: {} is meant", group(right)),
            Self::Kind(lower) => write!(
                f,
                "rules name kinds by their plural in small letters, as `kubectl api-resources` lists them: `{lower}`, or \
                 its plural"
            ),
            Self::NoNamespace => f.write_str("it belongs to no namespace, so no binding in one reaches it"),
            Self::Path => f.write_str("paths belong to no namespace, so no binding in one reaches them"),
            Self::OtherGroup(groups) => {
                let groups: Vec<String> = groups.iter().map(|name| group(name)).collect();
                write!(f, "it is in another API group: {}", groups.join(" or "))
            }
            Self::NotServed => f.write_str("the API group has no such kind"),
            Self::NoPart(parts) if parts.is_empty() => f.write_str("Kubernetes 1.35 knows no part of that kind"),
            Self::NoPart(parts) => {
                write!(f, "Kubernetes 1.35 knows no such part of it, but {}", join_and(parts))
            }
            Self::NoGroup => f.write_str("the cluster has no such API group"),
            Self::NoOwnGroup(near) => {
                f.write_str("no API group of Kubernetes has that name, and those of others have a dot")?;
                near.as_ref().map_or(Ok(()), |near| write!(f, ": {} may be meant", group(near)))
            }
            Self::NothingToActAs => f.write_str(
                "`impersonate` is asked for on users, groups and serviceaccounts of the core group, and on uids and \
                 userextras/KEY of `authentication.k8s.io`",
            ),
            Self::NoKey => f.write_str("each is asked for by its key: write `userextras/KEY`"),
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyBySelector { what } => {
                let name = what.names.first().map_or("NAME", String::as_str);
                write!(
                    f,
                    "{} {}{} works only with `--field-selector metadata.name={name}`: a list of all of them is refused",
                    join_and(&what.verbs),
                    join_and(&what.things),
                    what.names_phrase()
                )
            }
            Self::OnlyByApply { what } => write!(
                f,
                "create {}{} works only by `kubectl apply --server-side` (or a PUT): other requests to create carry no name",
                join_and(&what.things),
                what.names_phrase()
            ),
            Self::OnlyBefore135 { what } => write!(
                f,
                "get {} alone works on Kubernetes before 1.35; from then on `create` is asked for as well",
                join_and(&what.things)
            ),
            Self::Group { group, why } => write!(f, "the API group `{group}` does nothing ({why})"),
        }
    }
}

//! What a write of the worker does: a verb and a noun, as intents name it and as events begin with it.

use crate::audit::event::Known;

macro_rules! step_kinds {
    ($( $(#[$doc:meta])* $name:literal => $variant:ident, $does:ident )*) => {
        /// What a write outside does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum StepKind {
            $( $(#[$doc])* $variant, )*
        }

        impl StepKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$( Self::$variant ),*];

            /// Its name in the database and in events, which never changes.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $name, )*
                }
            }

            const fn does(self) -> Does {
                match self {
                    $( Self::$variant => Does::$does, )*
                }
            }
        }
    };
}

/// Whether a write adds to what is there, or removes something of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Adds,
    TakesAway,
}

step_kinds! {
    /// Lines of aws-auth are added, and others removed.
    "write_aws_auth" => WriteAwsAuth, Adds
    /// Lines of aws-auth are added.
    "add_mapping" => AddMapping, Adds
    /// Lines of aws-auth are removed.
    "remove_mapping" => RemoveMapping, TakesAway
    /// aws-auth gets another version, and is otherwise left as it is.
    "touch_aws_auth" => TouchAwsAuth, Adds
    "create_entry" => CreateEntry, Adds
    "delete_entry" => DeleteEntry, TakesAway
    "create_role" => CreateRole, Adds
    "delete_role" => DeleteRole, TakesAway
    "create_binding" => CreateBinding, Adds
    "put_binding" => PutBinding, Adds
    /// A binding without subjects takes the place of one that an interrupted run may still create.
    "block_binding" => BlockBinding, TakesAway
    /// A binding loses its subjects.
    "empty_binding" => EmptyBinding, TakesAway
    "delete_binding" => DeleteBinding, TakesAway
    "put_policy" => PutPolicy, Adds
    "delete_policy" => DeletePolicy, TakesAway
    "tag_principal" => TagPrincipal, Adds
    "untag_principal" => UntagPrincipal, TakesAway
}

impl StepKind {
    /// Parses the name that the database stores. `None` if another version wrote it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }

    /// The same, with a name of another version kept.
    pub fn read(name: &str) -> Known<Self> {
        Self::parse(name).map_or_else(|| Known::Other(name.to_owned()), Known::Is)
    }

    /// Whether it removes something.
    pub const fn takes_away(self) -> bool {
        matches!(self.does(), Does::TakesAway)
    }

    /// Whether it writes a binding.
    pub const fn is_of_binding(self) -> bool {
        match self {
            Self::CreateBinding | Self::PutBinding | Self::BlockBinding | Self::EmptyBinding | Self::DeleteBinding => {
                true
            }
            Self::WriteAwsAuth
            | Self::AddMapping
            | Self::RemoveMapping
            | Self::TouchAwsAuth
            | Self::CreateEntry
            | Self::DeleteEntry
            | Self::CreateRole
            | Self::DeleteRole
            | Self::PutPolicy
            | Self::DeletePolicy
            | Self::TagPrincipal
            | Self::UntagPrincipal => false,
        }
    }

    /// Whether it adds lines to aws-auth or removes some.
    pub const fn is_of_lines(self) -> bool {
        match self {
            Self::WriteAwsAuth | Self::AddMapping | Self::RemoveMapping => true,
            Self::TouchAwsAuth
            | Self::CreateEntry
            | Self::DeleteEntry
            | Self::CreateRole
            | Self::DeleteRole
            | Self::CreateBinding
            | Self::PutBinding
            | Self::BlockBinding
            | Self::EmptyBinding
            | Self::DeleteBinding
            | Self::PutPolicy
            | Self::DeletePolicy
            | Self::TagPrincipal
            | Self::UntagPrincipal => false,
        }
    }
}

impl Known<StepKind> {
    /// The name, of this version or of another.
    pub fn name(&self) -> &str {
        match self {
            Self::Is(kind) => kind.as_str(),
            Self::Other(name) => name,
        }
    }

    /// The kind, if this version knows it.
    pub fn kind(&self) -> Option<StepKind> {
        match self {
            Self::Is(kind) => Some(*kind),
            Self::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_as_it_is_written_and_one_of_another_version_is_kept() {
        for kind in StepKind::ALL {
            assert_eq!(StepKind::read(kind.as_str()), Known::Is(*kind));
        }
        let other = StepKind::read("move_mapping");
        assert_eq!((other.kind(), other.name()), (None, "move_mapping"));
    }

    #[test]
    fn what_takes_away_is_what_its_name_says() {
        let says = |kind: StepKind| {
            let verb = kind.as_str().split('_').next();
            ["remove", "delete", "empty", "untag", "block"].map(Some).contains(&verb)
        };
        assert!(StepKind::ALL.iter().all(|kind| kind.takes_away() == says(*kind)));
        assert!(StepKind::ALL.iter().all(|kind| kind.is_of_binding() == kind.as_str().ends_with("_binding")));
    }
}

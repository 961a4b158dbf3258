//! Ids: UUIDs of version 7, with one type for each noun so that one cannot be passed for another.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    };
}

id!(
    /// A person who signed in at least once.
    PersonId
);
id!(
    /// An IAM identity that a person has proven.
    PrincipalId
);
id!(
    /// A cluster: one ARN and one creation time.
    ClusterId
);
id!(
    /// One request for access.
    RequestId
);
id!(
    /// One approved request's access.
    GrantId
);
id!(
    /// One audit event.
    EventId
);
id!(
    /// One alarm.
    AlarmId
);
id!(
    /// One signed-in browser.
    SessionId
);
id!(
    /// One installation of Latchkey, as its database and the markers on its clusters know it.
    InstallationId
);

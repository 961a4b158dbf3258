//! People and who is meant by groups.

use super::{id, parsed, texts};
use crate::access::{
    PersonId,
    person::{Audience, Person},
};

/// The person with this handle, in no group.
pub fn person(handle: &str) -> Person {
    let name = format!("{}{}", handle[..1].to_uppercase(), &handle[1..]);
    Person { id: PersonId(id(handle)), handle: handle.parse().unwrap(), name, groups: [].into() }
}

/// A developer: who asks.
pub fn ana() -> Person {
    person("ana").called("Ana Petrova").in_groups(["developers"])
}

/// A lead: who decides.
pub fn ben() -> Person {
    person("ben").called("Ben Okafor").in_groups(["leads"])
}

/// A second lead.
pub fn chi() -> Person {
    person("chi").called("Chi Nguyen").in_groups(["leads"])
}

/// Everyone in a group.
pub fn group(name: &str) -> Audience {
    Audience::default().of_groups([name])
}

/// Those who decide.
pub fn leads() -> Audience {
    group("leads")
}

impl Person {
    /// With this name on pages.
    #[must_use]
    pub fn called(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// In these groups and no others.
    #[must_use]
    pub fn in_groups<'a>(self, groups: impl IntoIterator<Item = &'a str>) -> Self {
        Self { groups: texts(groups).into_iter().collect(), ..self }
    }
}

impl Audience {
    /// Those in these groups, and the people who are named.
    #[must_use]
    pub fn of_groups<'a>(self, groups: impl IntoIterator<Item = &'a str>) -> Self {
        Self { groups: texts(groups).into_iter().collect(), ..self }
    }

    /// Those who are named here, and those in the groups.
    #[must_use]
    pub fn of_people<'a>(self, handles: impl IntoIterator<Item = &'a str>) -> Self {
        Self { people: parsed(handles), ..self }
    }
}

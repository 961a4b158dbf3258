//! What people of the town ask for: `view().in_(["payments"]).for_(60)`.

use latchkey::web::AskForm;

/// To look at payments on prod-eu for an hour.
pub fn view() -> AskForm {
    AskForm {
        cluster: "prod-eu".into(),
        profile: "view".into(),
        namespaces: vec!["payments".into()],
        principal: String::new(),
        minutes: "60".into(),
        reason: "Why did the settlement stop?".into(),
    }
}

/// To change payments on prod-eu for an hour, which two people decide.
pub fn edit() -> AskForm {
    view().with("edit")
}

/// To see the nodes of prod-eu, with the EKS console, for an hour: a profile of cluster scope.
pub fn nodes() -> AskForm {
    view().with("nodes").in_([])
}

/// What one ask differs in. Texts are as the form sends them, so that wrong ones can be sent, too.
pub trait Asking: Sized {
    /// On this cluster.
    fn on(self, cluster: &str) -> Self;
    /// With this profile.
    fn with(self, profile: &str) -> Self;
    /// In these namespaces.
    fn in_<'a>(self, namespaces: impl IntoIterator<Item = &'a str>) -> Self;
    /// For so many minutes.
    fn for_(self, minutes: u32) -> Self;
    /// For this reason.
    fn because(self, reason: impl Into<String>) -> Self;
}

impl Asking for AskForm {
    fn on(self, cluster: &str) -> Self {
        Self { cluster: cluster.into(), ..self }
    }

    fn with(self, profile: &str) -> Self {
        Self { profile: profile.into(), ..self }
    }

    fn in_<'a>(self, namespaces: impl IntoIterator<Item = &'a str>) -> Self {
        Self { namespaces: namespaces.into_iter().map(str::to_owned).collect(), ..self }
    }

    fn for_(self, minutes: u32) -> Self {
        Self { minutes: minutes.to_string(), ..self }
    }

    fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..self }
    }
}

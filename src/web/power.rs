//! What an access allows and does not allow, how risky that is and why.

use super::{
    html::Html,
    icon::Icon,
    look::{Pill, Tone},
};
use crate::words;
use latchkey_domain::{
    access::profile::{ResolvedProfile, Scope},
    eks::rbac::{Assessment, Danger, Kinds, Reach, Risk, assess_in, capabilities, expectations},
};

/// See the module.
#[derive(Debug, Clone)]
pub struct Power {
    pub can: Vec<Html>,
    pub cannot: Vec<Html>,
    /// What is named and never works, and what works differently from what it suggests.
    pub never: Vec<Html>,
    pub risk: Risk,
    pub reasons: Vec<String>,
}

impl Power {
    /// What a profile allows in these namespaces of a cluster that has the namespaces `all` and these kinds.
    pub fn of(profile: &ResolvedProfile, namespaces: &[String], all: &[String], kinds: &Kinds) -> Self {
        let rules = profile.rules();
        let reach = reach_of(profile, namespaces);
        let Assessment { risk, reasons } = assess_in(&rules, &reach);
        let runs_workloads = reasons.iter().any(|reason| reason.danger == Danger::RunsWorkloads);
        let cannot = expectations(&rules, &reach, all, kinds).cannot;
        let cannot = words::power::cannot(&cannot, namespaces, runs_workloads);
        let works = profile.workable(&reach, kinds);
        Self {
            can: words::power::can_all(&capabilities(&works.rules)).iter().map(|line| Html::prose(line)).collect(),
            cannot: cannot.iter().map(|line| Html::prose(line)).collect(),
            never: words::power::never(&works).iter().map(|line| Html::prose(line)).collect(),
            risk,
            reasons: reasons.iter().map(ToString::to_string).collect(),
        }
    }

    /// "High risk", in the tone of the risk.
    pub fn pill(&self) -> Pill {
        risk_pill(self.risk)
    }

    /// The CSS class of the risk's scale.
    pub fn scale(&self) -> &'static str {
        match self.risk {
            Risk::Low => "risk-low",
            Risk::Elevated => "risk-elevated",
            Risk::High => "risk-high",
            Risk::Critical => "risk-critical",
        }
    }

    /// Whether an approver should see the warnings before they can approve.
    pub fn is_grave(&self) -> bool {
        self.risk >= Risk::High
    }
}

/// How risky a profile is in these namespaces.
pub fn risk_of(profile: &ResolvedProfile, namespaces: &[String]) -> Risk {
    assess_in(&profile.rules(), &reach_of(profile, namespaces)).risk
}

/// Where a profile is bound: the whole cluster or these namespaces.
pub fn reach_of(profile: &ResolvedProfile, namespaces: &[String]) -> Reach {
    match profile.scope {
        Scope::Cluster => Reach::Cluster,
        Scope::Namespace => Reach::Namespaces(namespaces.to_vec()),
    }
}

/// A risk as a pill.
pub fn risk_pill(risk: Risk) -> Pill {
    let (tone, icon) = match risk {
        Risk::Low => (Tone::Good, Icon::ShieldCheck),
        Risk::Elevated => (Tone::Working, Icon::Shield),
        Risk::High => (Tone::Needs, Icon::ShieldAlert),
        Risk::Critical => (Tone::Danger, Icon::TriangleAlert),
    };
    Pill::new(tone, icon, words::power::risk(risk))
}

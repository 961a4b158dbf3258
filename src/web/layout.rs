//! What surrounds every page: the navigation bar, banners, the footer.

use super::{SignedIn, html::Html, icon::Icon, look::Tone, statics};
use crate::words::{Clock, Sentence, people::initials};
use askama::Template;
use jiff::Timestamp;
use latchkey_domain::access::person::Theme;

/// A place in the navigation bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NavItem {
    Home,
    Ask,
    Inbox,
    Identities,
    Clusters,
    Targets,
    Audit,
    Status,
    /// The person's own settings, behind their name.
    Settings,
    /// A page that is reached only from other pages.
    Elsewhere,
}

impl NavItem {
    fn link(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Home => Some(("/", "Home")),
            Self::Ask => Some(("/requests/new", "Request access")),
            Self::Inbox => Some(("/inbox", "Inbox")),
            Self::Identities => Some(("/identities", "Identities")),
            Self::Clusters => Some(("/clusters", "Clusters")),
            Self::Targets => Some(("/targets", "Targets")),
            Self::Audit => Some(("/audit", "Audit")),
            Self::Status => Some(("/status", "Status")),
            Self::Settings | Self::Elsewhere => None,
        }
    }
}

/// A link of the bar.
#[derive(Debug, Clone, Copy)]
pub struct NavLink {
    pub href: &'static str,
    pub label: &'static str,
    pub current: bool,
}

/// Trouble that every visitor should know of.
#[derive(Debug, Clone)]
pub struct Banner {
    pub tone: Tone,
    pub icon: Icon,
    pub text: Html,
    /// The page with more about it, if there is one.
    pub leads_to: Option<String>,
}

impl Banner {
    /// A banner with a sentence.
    pub fn new(tone: Tone, text: &str) -> Self {
        Self { tone, icon: Icon::TriangleAlert, text: Html::prose(text), leads_to: None }
    }
}

/// The person who looks at the page.
#[derive(Debug, Clone)]
pub struct Who {
    pub name: String,
    pub initials: String,
}

/// See [`Layout::as_of`].
#[derive(Debug, Template)]
#[template(source = "<span id=\"as-of\" hx-swap-oob=\"true\">{% include \"as_of.html\" %}</span>", ext = "html")]
struct AsOf<'a> {
    layout: &'a Layout,
}

/// The value `layout` of every page's template.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The tab's title, without the portal's name.
    pub title: String,
    pub who: Option<Who>,
    pub links: Vec<NavLink>,
    pub at_settings: bool,
    pub banners: Vec<Banner>,
    pub clock: Clock,
    pub theme: Theme,
    /// Whether the page is about a production cluster.
    pub prod: bool,
    /// The target of *Refresh* on a page that is live with a script: the page's own address.
    pub refresh: Option<String>,
}

impl Layout {
    /// The layout of a page for a person who is signed in.
    pub fn new(signed_in: &SignedIn, place: NavItem, title: impl Into<String>) -> Self {
        let roles = signed_in.visitor.roles;
        let shown = |place: NavItem| match place {
            // The inbox also has past decisions, which can be revoked without a policy.
            NavItem::Inbox => roles.approver || signed_in.unruled.is_some(),
            NavItem::Targets => roles.operator,
            NavItem::Audit => roles.auditor,
            NavItem::Ask => signed_in.may_ask(),
            NavItem::Home | NavItem::Identities | NavItem::Clusters | NavItem::Status => true,
            NavItem::Settings | NavItem::Elsewhere => false,
        };
        let places = [
            NavItem::Home,
            NavItem::Ask,
            NavItem::Inbox,
            NavItem::Identities,
            NavItem::Clusters,
            NavItem::Targets,
            NavItem::Audit,
            NavItem::Status,
        ];
        let links = places
            .into_iter()
            .filter(|place| shown(*place))
            .filter_map(|each| each.link().map(|(href, label)| NavLink { href, label, current: each == place }));
        let name = signed_in.visitor.person.name.clone();
        Self {
            title: title.into(),
            who: Some(Who { initials: initials(&name), name }),
            links: links.collect(),
            at_settings: place == NavItem::Settings,
            banners: signed_in.banners.clone(),
            clock: signed_in.clock.clone(),
            theme: signed_in.theme,
            prod: false,
            refresh: None,
        }
    }

    /// The layout of a page for a visitor who is not known.
    pub fn anonymous(clock: Clock, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            who: None,
            links: Vec::new(),
            at_settings: false,
            banners: Vec::new(),
            clock,
            theme: Theme::Auto,
            prod: false,
            refresh: None,
        }
    }

    /// The same, marked as production.
    #[must_use]
    pub fn prod(mut self, prod: bool) -> Self {
        self.prod = prod;
        self
    }

    /// The same, with a *Refresh* link for browsers without a script.
    #[must_use]
    pub fn live(mut self, address: impl Into<String>) -> Self {
        self.refresh = Some(address.into());
        self
    }

    /// The footer's moment, sent with a live part: the page then shows the state of now.
    ///
    /// # Errors
    /// If it cannot be rendered.
    pub fn as_of(&self) -> Result<String, askama::Error> {
        AsOf { layout: self }.render()
    }

    /// The same without the banner that leads to this very page, which already says it.
    #[must_use]
    pub fn being(mut self, address: &str) -> Self {
        self.banners.retain(|banner| banner.leads_to.as_deref() != Some(address));
        self
    }

    /// The theme that the person chose; `None` if the browser chooses.
    pub fn theme(&self) -> Option<&'static str> {
        match self.theme {
            Theme::Auto => None,
            Theme::Light | Theme::Dark => Some(self.theme.as_str()),
        }
    }

    /// The address of a static file.
    #[expect(clippy::unused_self, reason = "templates reach it through the layout")]
    pub fn asset(&self, path: &str) -> &'static str {
        statics::url(path)
    }

    /// "in 42 min, 16:30 CET (UTC+1)".
    pub fn when(&self, at: &Timestamp) -> Html {
        Html::when(&self.clock, *at)
    }

    /// "16:30 CET".
    pub fn at(&self, at: &Timestamp) -> Html {
        Html::at(&self.clock, *at)
    }

    /// "14:02:10".
    pub fn stamp(&self, at: &Timestamp) -> Html {
        Html::stamp(&self.clock, *at)
    }

    /// "3 min ago".
    pub fn ago(&self, at: &Timestamp) -> Html {
        Html::relative(&self.clock, *at)
    }

    /// A text with names in backticks.
    #[expect(clippy::unused_self, reason = "templates reach it through the layout")]
    pub fn prose(&self, text: &str) -> Html {
        Html::prose(text)
    }

    /// A sentence.
    #[expect(clippy::unused_self, reason = "templates reach it through the layout")]
    pub fn sentence(&self, sentence: &Sentence) -> Html {
        Html::sentence(sentence)
    }
}

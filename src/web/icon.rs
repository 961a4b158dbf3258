//! Icons from Lucide, drawn inline so that they take the colour and size of their text.

use askama::filters::HtmlSafe;
use std::fmt;

macro_rules! icons {
    ($($name:ident $file:literal),* $(,)?) => {
        /// An icon. It is decoration: the word beside it carries the meaning, so screen readers skip it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Icon {
            $($name),*
        }

        impl Icon {
            /// Every icon.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            fn file(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("../../static/vendor/lucide-1.62.0/", $file, ".svg"))),*
                }
            }
        }
    };
}

icons! {
    Activity "activity",
    ArrowRight "arrow-right",
    BadgeCheck "badge-check",
    Ban "ban",
    Box "box",
    CalendarClock "calendar-clock",
    Check "check",
    ChevronRight "chevron-right",
    Circle "circle",
    CircleAlert "circle-alert",
    CircleCheck "circle-check",
    CircleDashed "circle-dashed",
    CircleDot "circle-dot",
    CircleMinus "circle-minus",
    CircleSlash "circle-slash",
    CircleX "circle-x",
    Clock "clock",
    Copy "copy",
    Download "download",
    Eye "eye",
    FileDiff "file-diff",
    FileText "file-text",
    FingerprintPattern "fingerprint-pattern",
    GitCompare "git-compare",
    Hand "hand",
    History "history",
    Hourglass "hourglass",
    House "house",
    Inbox "inbox",
    Info "info",
    KeyRound "key-round",
    Layers "layers",
    Link "link",
    ListChecks "list-checks",
    Loader "loader",
    Lock "lock",
    LogIn "log-in",
    LogOut "log-out",
    Moon "moon",
    Network "network",
    Pencil "pencil",
    Plus "plus",
    RefreshCw "refresh-cw",
    RotateCw "rotate-cw",
    ScrollText "scroll-text",
    Search "search",
    Send "send",
    Server "server",
    Shield "shield",
    ShieldAlert "shield-alert",
    ShieldCheck "shield-check",
    Sun "sun",
    Terminal "terminal",
    Timer "timer",
    TriangleAlert "triangle-alert",
    Undo2 "undo-2",
    Unplug "unplug",
    User "user",
    Users "users",
    X "x",
}

impl HtmlSafe for Icon {}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file();
        // The shapes are between the end of the opening tag and the closing tag.
        let shapes = file.split_once("<svg").and_then(|(_, rest)| rest.split_once('>')).map_or("", |(_, rest)| rest);
        let shapes = shapes.trim().trim_end_matches("</svg>");
        f.write_str(
            "<svg class=\"icon\" viewBox=\"0 0 24 24\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\" ",
        )?;
        f.write_str("stroke-linecap=\"round\" stroke-linejoin=\"round\" aria-hidden=\"true\" focusable=\"false\">")?;
        for line in shapes.lines() {
            f.write_str(line.trim())?;
        }
        f.write_str("</svg>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_has_shapes_and_nothing_else() {
        for icon in Icon::ALL {
            let svg = icon.to_string();
            assert!(svg.ends_with("/></svg>"), "{icon:?}: {svg}");
            assert_eq!(svg.matches("<svg").count(), 1, "{icon:?}");
        }
    }
}

//! The proxy that leads outside, as the environment names it. Uses no other room.
//!
//! Only encrypted traffic goes through a proxy. Plain http is for loopback hosts, and must not leave the machine. For
//! that reason credentials from the metadata of an instance or container are always asked for directly, too.

use hyper_util::client::proxy::matcher::Matcher;
use std::{fmt, sync::Arc};
use url::Url;

/// The variables that may hold the proxy's URL, and those that list the hosts to reach directly, in the order in which
/// curl reads them.
const URLS: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const EXCEPT: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Which proxy leads to which host. Without one, everything is reached directly. `Debug` shows no password.
#[derive(Clone, Default)]
pub struct Proxies {
    proxy: Option<Arc<KnownProxy>>,
}

struct KnownProxy {
    variable: &'static str,
    url: Url,
    except: String,
    matcher: Matcher,
}

/// Why a variable does not name a proxy. It shows no part of the value, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{variable} names no proxy: it takes an http or https URL, such as http://proxy.example.com:3128; of a user or password \
     there, write each of / \\ ? # @ : in percents (`\\` is %5C)"
)]
pub struct NoProxyUrl {
    /// Its name.
    pub variable: &'static str,
}

impl Proxies {
    /// Reads `HTTPS_PROXY` (or `ALL_PROXY`) and `NO_PROXY`, in large or small letters.
    ///
    /// # Errors
    /// If the variable that names the proxy does not hold an http or https URL.
    pub fn from_environment() -> Result<Self, NoProxyUrl> {
        Self::of(|variable| std::env::var(variable).ok())
    }

    /// The same, by variables that were read before.
    ///
    /// # Errors
    /// As [`Proxies::from_environment`].
    pub fn from_variables(variables: &[(String, String)]) -> Result<Self, NoProxyUrl> {
        Self::of(|asked| variables.iter().find(|(name, _)| name == asked).map(|(_, value)| value.clone()))
    }

    fn of(environment: impl Fn(&str) -> Option<String>) -> Result<Self, NoProxyUrl> {
        let value = |variable: &&'static str| {
            let value = environment(variable).map(|value| value.trim().to_owned())?;
            (!value.is_empty()).then_some((*variable, value))
        };
        let Some((variable, text)) = URLS.iter().find_map(value) else { return Ok(Self::default()) };
        let whole = if text.contains("://") { text } else { format!("http://{text}") };
        let url = Url::parse(&whole).ok().filter(is_proxy).ok_or(NoProxyUrl { variable })?;
        // The client splits at commas only; people also write blanks, which curl accepts.
        let except = EXCEPT.iter().find_map(value).map(|(_, value)| value).unwrap_or_default();
        // `*.example.com` is how curl's users write `.example.com`, and `*` is everything.
        let hosts = except.split([',', ' ', '\t']).filter(|host| !host.is_empty());
        let hosts: Vec<&str> =
            hosts.map(|host| host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host)).collect();
        if hosts.contains(&"*") {
            return Ok(Self::default());
        }
        let except = hosts.join(",");
        let matcher = Matcher::builder().https(url.as_str()).no(except.as_str()).build();
        Ok(Self { proxy: Some(Arc::new(KnownProxy { variable, url, except, matcher })) })
    }

    /// The proxy that leads to a URL; `None` if it is reached directly.
    pub fn to(&self, url: &Url) -> Option<&Url> {
        let known = self.proxy.as_ref()?;
        let asked: http::Uri = url.as_str().parse().ok()?;
        known.matcher.intercept(&asked).map(|_| &known.url)
    }

    /// The proxy's URL and the hosts to reach directly, for clients that decide by themselves.
    pub fn parts(&self) -> Option<(&Url, &str)> {
        self.proxy.as_ref().map(|known| (&known.url, known.except.as_str()))
    }

    /// What a person is told about the way to a URL: "directly", "through the proxy http://proxy:3128 (HTTPS_PROXY)".
    pub fn way_to(&self, url: &Url) -> String {
        match (&self.proxy, self.to(url)) {
            (Some(known), Some(_)) => format!("through the proxy {} ({})", shown(&known.url), known.variable),
            (Some(_), None) if url.scheme() == "https" => "directly (NO_PROXY)".to_owned(),
            (Some(_), None) | (None, _) => "directly".to_owned(),
        }
    }
}

/// Whether a URL holds a proxy's address and nothing else. Anything behind the host is the rest of a password with an
/// unencoded character that ended it (`/`, `\`, `?`, `#`), and then the host is not the real one.
fn is_proxy(url: &Url) -> bool {
    let ends_behind_host = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    matches!(url.scheme(), "http" | "https") && url.has_host() && ends_behind_host
}

/// The proxy's URL without user and password.
fn shown(url: &Url) -> String {
    let mut plain = url.clone();
    // Neither fails for http and https.
    let _ = plain.set_username("");
    let _ = plain.set_password(None);
    plain.as_str().trim_end_matches('/').to_owned()
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxy = self.proxy.as_ref().map(|known| shown(&known.url));
        f.debug_struct("Proxies").field("proxy", &proxy).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, NoProxyUrl> {
        Proxies::of(|asked| variables.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned()))
    }

    fn way(variables: &[(&str, &str)], url: &str) -> String {
        proxies(variables).unwrap().way_to(&Url::parse(url).unwrap())
    }

    #[test]
    fn https_goes_through_the_proxy_but_for_whom_it_leaves_out_and_nothing_plain_does() {
        let usual = [("HTTPS_PROXY", "http://me:secret@proxy:3128"), ("NO_PROXY", ".internal,10.0.0.0/8,localhost")];
        assert_eq!(way(&usual, "https://sts.amazonaws.com/"), "through the proxy http://proxy:3128 (HTTPS_PROXY)");
        for direct in ["https://idp.internal/x", "https://10.1.2.3/", "https://localhost:8443/"] {
            assert_eq!(way(&usual, direct), "directly (NO_PROXY)", "{direct}");
        }
        let blanks = [("HTTPS_PROXY", "proxy:3128"), ("NO_PROXY", "localhost sts.amazonaws.com")];
        assert_eq!(way(&blanks, "https://sts.amazonaws.com/"), "directly (NO_PROXY)");
        for (except, direct) in [("*.example.com", true), ("*", true), ("a.*", false)] {
            let variables = [("HTTPS_PROXY", "proxy:3128"), ("NO_PROXY", except)];
            assert_eq!(way(&variables, "https://sts.example.com/").starts_with("directly"), direct, "{except}");
        }
        assert_eq!(way(&usual, "http://127.0.0.1:9999/"), "directly");
        assert_eq!(way(&[("HTTP_PROXY", "http://proxy:3128")], "http://127.0.0.1/"), "directly");
        assert_eq!(way(&[], "https://sts.amazonaws.com/"), "directly");
        assert!(way(&[("all_proxy", "proxy:3128")], "https://a.example/").contains("http://proxy:3128 (all_proxy)"));
        assert!(!format!("{:?}", proxies(&usual).unwrap()).contains("secret"));
    }

    #[test]
    fn what_is_no_http_proxy_is_refused_without_its_text() {
        for value in [
            "socks5://proxy:1080",
            "http://",
            "://secret",
            "CORP\\jdoe:secret!@proxy.corp.example:8080",
            "http://CORP\\jdoe:secret!@proxy.corp.example:8080",
            "http://user:8000/secret@10.0.0.161:8080",
            "http://user:12?secret@proxy:8080",
            "http://user:123#secret@proxy:8080",
            "http://http://proxy:3128",
            "http:/proxy:3128/secret",
        ] {
            let refused = proxies(&[("HTTPS_PROXY", value)]).unwrap_err().to_string();
            assert!(refused.starts_with("HTTPS_PROXY names no proxy") && !refused.contains("secret"), "{refused}");
        }
        assert!(proxies(&[("HTTPS_PROXY", " ")]).unwrap().parts().is_none());
    }
}

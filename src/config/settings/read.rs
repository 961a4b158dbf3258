//! Reads latchkey.toml and its overrides.

use super::{
    super::{
        ConfigFault,
        reader::{Collector, Overrides, PlacedValue, Section, ValuePlace, nearest},
    },
    Authorities, AwsSettings, ClaimPath, DatabaseSettings, Login, Network, Server, Settings, WorkerSettings, secret,
};
use crate::{
    database_url::{DatabaseUrl, USUAL_SCHEMA, schema_name},
    proxy::Proxies,
};
use jiff::tz::TimeZone;
use latchkey_domain::eks::arn::Partition;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use url::{Host, Url};

const SECTIONS: [&str; 5] = ["aws", "database", "login", "server", "worker"];
/// Portal and worker may run on one machine, so each has its own port.
const SERVER_INTERNAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9400);
const WORKER_INTERNAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9401);
const HOUR: Duration = Duration::from_hours(1);
/// The default of `session_idle`: a session ends if it is not used for this long.
const IDLE: Duration = HOUR;
/// The default of `session_absolute`: a session ends this long after its sign-in.
const ABSOLUTE: Duration = Duration::from_hours(12);
const MINUTE: Duration = Duration::from_mins(1);

/// A latchkey.toml that was read, with its faults.
#[derive(Debug, Clone)]
pub struct CheckedSettings {
    /// None if a fault is an error.
    pub settings: Option<Settings>,
    /// In the order of their places, those of the environment first; warnings included.
    pub faults: Vec<ConfigFault>,
}

/// Reads a latchkey.toml with its overrides: the `variables` that begin with `LATCHKEY_` and contain `__`. Paths in it
/// are relative to `folder`.
pub fn check(
    file: &str,
    text: &str,
    folder: &Path,
    variables: impl IntoIterator<Item = (String, String)>,
) -> CheckedSettings {
    let (document, mut faults) = Collector::read(file, text);
    let variables: Vec<(String, String)> = variables.into_iter().collect();
    let proxies = Proxies::from_variables(&variables).unwrap_or_else(|error| {
        faults.error(&ValuePlace::Variable(error.variable.to_owned()), error, None);
        Proxies::default()
    });
    let overrides = overrides(variables, &mut faults);
    let none = Overrides::new();
    let of = |section: &str| overrides.get(section).unwrap_or(&none);
    for (variable, value) in overrides.values().flat_map(BTreeMap::values) {
        refuse_blanks(value, || ValuePlace::Variable(variable.clone()), &mut faults);
    }
    refuse_blanks_in(document.get_ref(), &mut faults);
    let mut root = Section::root(document.get_ref());
    let server = server(root.section("server", of("server"), &mut faults), &mut faults);
    let worker = worker(root.section("worker", of("worker"), &mut faults), &mut faults);
    let database = database(root.section("database", of("database"), &mut faults), folder, &mut faults);
    let login = login(root.section("login", of("login"), &mut faults), folder, &mut faults);
    let aws = aws(root.section("aws", of("aws"), &mut faults), folder, &mut faults);
    root.finish(&mut faults);
    let settings = match (server, login) {
        (Some(server), Some(login)) if !faults.failed() => {
            Some(Settings { server, worker, database, login, aws, proxies })
        }
        _ => None,
    };
    CheckedSettings { settings, faults: faults.finish() }
}

/// Refuses a text with a blank at either end: no value needs one, and the receivers compare values exactly.
fn refuse_blanks(text: &str, place: impl FnOnce() -> ValuePlace, faults: &mut Collector<'_>) {
    if text.trim() != text && !text.trim().is_empty() {
        faults.error(&place(), "this begins or ends with a blank", Some("take it away".to_owned()));
    }
}

/// The same for every text of a file.
fn refuse_blanks_in(table: &DeTable<'_>, faults: &mut Collector<'_>) {
    let mut ahead: Vec<&Spanned<DeValue<'_>>> = table.values().collect();
    while let Some(value) = ahead.pop() {
        match value.get_ref() {
            DeValue::String(text) => refuse_blanks(text, || ValuePlace::Span(value.span()), faults),
            DeValue::Array(list) => ahead.extend(list.iter()),
            DeValue::Table(table) => ahead.extend(table.values()),
            _ => {}
        }
    }
}

/// The path of a discovery document below its issuer.
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// The issuer exactly as in tokens: the address of its discovery document without that path.
fn issuer(text: &str) -> Result<String, String> {
    let url = outside_url(text)?;
    let shown = shown(text);
    if url.query().is_some() || url.fragment().is_some() || text.contains(['{', '}']) {
        return Err(format!(
            "{shown} is not an issuer: write it as `issuer` in the provider's discovery document names it, without \
             anything behind a ? or # and with nothing left to fill in"
        ));
    }
    match text.trim_end_matches('/').strip_suffix(DISCOVERY) {
        Some(issuer) => Err(format!(
            "{shown} is where the issuer is described: write the issuer itself, as `issuer` in that document names it, \
             such as {issuer}"
        )),
        None => Ok(text.to_owned()),
    }
}

/// Scopes; each must be a string of its own.
fn scopes(listed: &[PlacedValue<&str>], faults: &mut Collector<'_>) -> Vec<String> {
    for scope in listed.iter().filter(|scope| scope.value.contains(char::is_whitespace)) {
        let hint = "write each by itself: scopes = [\"openid\", \"profile\"], or with commas in the environment";
        faults.error(&scope.place, format!("`{}` is more than one scope", scope.value), Some(hint.to_owned()));
    }
    listed.iter().map(|scope| scope.value.to_owned()).collect()
}

/// `LATCHKEY_SECTION__KEY`, by section and key.
fn overrides(
    variables: impl IntoIterator<Item = (String, String)>,
    faults: &mut Collector<'_>,
) -> BTreeMap<String, Overrides> {
    let mut overrides: BTreeMap<String, Overrides> = BTreeMap::new();
    for (variable, value) in variables {
        let Some((section, key)) = variable.strip_prefix("LATCHKEY_").and_then(|rest| rest.split_once("__")) else {
            continue;
        };
        let (section, key) = (section.to_lowercase(), key.to_lowercase());
        if SECTIONS.contains(&section.as_str()) {
            overrides.entry(section).or_default().insert(key, (variable, value));
        } else {
            let hint = nearest(&section, SECTIONS).map(|near| format!("did you mean `{near}`?"));
            faults.error(&ValuePlace::Variable(variable), format!("latchkey.toml has no section `{section}`"), hint);
        }
    }
    overrides
}

fn server(mut section: Section<'_>, faults: &mut Collector<'_>) -> Option<Server> {
    let listen = section.parsed("listen", faults, |text| {
        text.parse().map_err(|_| format!("`{text}` is not an address to listen at, such as 0.0.0.0:8080"))
    });
    let internal = internal(&mut section, SERVER_INTERNAL, faults);
    let default = SocketAddr::from(([127, 0, 0, 1], 8080));
    let public_url = section.required("public_url", faults, public_url);
    let time_zone = section.parsed("time_zone", faults, |name| {
        TimeZone::get(name).map_err(|_| format!("`{name}` is not a time zone, such as Europe/Berlin or UTC"))
    });
    let trusted_proxies =
        section.list("trusted_proxies", faults).map_or_else(Vec::new, |list| networks(&list.value, faults));
    let requests_per_person = limit(&mut section, "requests_per_person", 60, faults);
    let forms_per_session = limit(&mut section, "forms_per_session", 600, faults);
    section.finish(faults);
    let listen = listen.map_or(default, |listen| listen.value);
    let time_zone = time_zone.map_or(TimeZone::UTC, |zone| zone.value);
    let public_url = public_url?.value;
    Some(Server { listen, internal, public_url, time_zone, trusted_proxies, requests_per_person, forms_per_session })
}

fn worker(mut section: Section<'_>, faults: &mut Collector<'_>) -> WorkerSettings {
    let internal = internal(&mut section, WORKER_INTERNAL, faults);
    section.finish(faults);
    WorkerSettings { internal }
}

/// The address of the health checks; "none" means no address.
fn internal(section: &mut Section<'_>, usual: SocketAddr, faults: &mut Collector<'_>) -> Option<SocketAddr> {
    let given = section.parsed("internal", faults, |text| match text {
        "none" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            format!("`{text}` is not an address to listen at, such as {usual}, or \"none\" to listen nowhere")
        }),
    });
    given.map_or(Some(usual), |given| given.value)
}

/// A limit for ten minutes.
fn limit(section: &mut Section<'_>, key: &'static str, usual: u32, faults: &mut Collector<'_>) -> u32 {
    section.number(key, 1..=1_000_000, faults).map_or(usual, |number| number.value)
}

fn networks(listed: &[PlacedValue<&str>], faults: &mut Collector<'_>) -> Vec<Network> {
    let mut networks = Vec::new();
    for item in listed {
        match Network::parse(item.value) {
            Ok(network) => networks.push(network),
            Err(message) => faults.error(&item.place, message, None),
        }
    }
    networks
}

/// The URL at which browsers find the portal.
fn public_url(text: &str) -> Result<Url, String> {
    let url = outside_url(text)?;
    if url.path() == "/" && url.query().is_none() && url.fragment().is_none() {
        return Ok(url);
    }
    Err(format!("{} must end behind its host or port: the portal lives at the root", shown(text)))
}

/// An address that receives passwords and cookies: https, or http that never leaves this machine.
fn outside_url(text: &str) -> Result<Url, String> {
    let shown = shown(text);
    let url = Url::parse(text).map_err(|error| format!("{shown} is not a URL: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL here holds no user and no password".to_owned());
    }
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" if url.host().is_some() => Ok(url),
        "http" if loopback => Ok(url),
        "http" => Err(format!("{shown} must be https: plain http is for a loopback host only, such as 127.0.0.1")),
        _ => Err(format!("{shown} must be an https URL")),
    }
}

/// A URL for a message. One with an `@` is not shown, since it may contain a password.
fn shown(text: &str) -> String {
    if text.contains('@') { "this (with an `@` in it, so it is not shown)".to_owned() } else { format!("`{text}`") }
}

fn database(mut section: Section<'_>, folder: &Path, faults: &mut Collector<'_>) -> DatabaseSettings {
    let schema = section.parsed("schema", faults, |text| schema_name(text).map(str::to_owned));
    let schema = schema.map_or_else(|| USUAL_SCHEMA.to_owned(), |schema| schema.value);
    let mut url = |keys, faults: &mut Collector<'_>| secret::database_url(&mut section, keys, folder, &schema, faults);
    let web = url(("web_url", "web_url_file"), faults);
    let worker = url(("worker_url", "worker_url_file"), faults);
    let owner = url(("owner_url", "owner_url_file"), faults);
    warn_one_role([("web_url", &web), ("worker_url", &worker), ("owner_url", &owner)], faults);
    let connections = section.number("connections", 2..=500, faults).map_or(16, |number| number.value);
    section.finish(faults);
    let [web_url, worker_url, owner_url] = [web, worker, owner].map(|given| given.map(|given| given.value));
    DatabaseSettings { web_url, worker_url, owner_url, connections }
}

/// Warns of each URL that signs in as the role of another URL: its process then has rights that only the other should
/// have.
fn warn_one_role(urls: [(&str, &Option<PlacedValue<DatabaseUrl>>); 3], faults: &mut Collector<'_>) {
    let known: Vec<(&str, &PlacedValue<DatabaseUrl>)> =
        urls.into_iter().filter_map(|(key, url)| Some((key, url.as_ref()?))).collect();
    for (at, (key, url)) in known.iter().enumerate() {
        let role = url.value.options().get_username().to_owned();
        let same = known[..at].iter().find(|(_, other)| other.value.options().get_username() == role);
        let Some((other, _)) = same else { continue };
        let message = format!("`{key}` signs in as the same role as `{other}`");
        let hint = "portal, worker and owner have roles of their own, so that none may do what is another's: \
                    latchkey_web, latchkey_worker, and the schema's owner";
        faults.warning(&url.place, message, Some(hint.to_owned()));
    }
}

fn login(mut section: Section<'_>, folder: &Path, faults: &mut Collector<'_>) -> Option<Login> {
    // Kept as written: tokens repeat the issuer exactly, with or without a trailing slash.
    let issuer = section.required("issuer", faults, issuer);
    let provider = section.parsed("provider", faults, non_empty);
    let client_id = section.required("client_id", faults, non_empty);
    let key = ("client_secret", "client_secret_file");
    let client_secret = secret::read(&mut section, key, folder, secret::never, faults).map(|secret| secret.value);
    let mut scopes: Vec<String> = match section.list("scopes", faults) {
        Some(listed) => scopes(&listed.value, faults),
        None => ["openid", "profile", "email"].map(str::to_owned).to_vec(),
    };
    if !scopes.iter().any(|scope| scope == "openid") {
        scopes.insert(0, "openid".to_owned());
    }
    let audiences = section.list("other_audiences", faults);
    let other_audiences = audiences.into_iter().flat_map(|list| list.value).map(|one| one.value.to_owned()).collect();
    let mut claim = |key, default: &str, faults: &mut Collector<'_>| {
        let Some(given) = section.text_or_list(key, faults) else { return default.into() };
        ClaimPath::new(given.value).unwrap_or_else(|error| {
            faults.error(&given.place, error, None);
            default.into()
        })
    };
    let groups_claim = claim("groups_claim", "groups", faults);
    let handle_claim = claim("handle_claim", "preferred_username", faults);
    let groups_limit = section.number("groups_limit", 1..=10_000, faults).map_or(100, |number| number.value);
    let bounds = 5 * MINUTE..=24 * 30 * HOUR;
    let idle = section.duration("session_idle", bounds.clone(), "from 5m to 30d", faults);
    let absolute = section.duration("session_absolute", bounds, "from 5m to 30d", faults);
    let all_read =
        section.has("session_idle") == idle.is_some() && section.has("session_absolute") == absolute.is_some();
    let (session_idle, session_absolute) = (lasts(idle.as_ref(), IDLE), lasts(absolute.as_ref(), ABSOLUTE));
    if all_read && session_idle > session_absolute {
        at_odds(idle, absolute, faults);
    }
    let sign_ins_per_address = limit(&mut section, "sign_ins_per_address", 300, faults);
    let sign_ins_per_person = limit(&mut section, "sign_ins_per_person", 60, faults);
    let proofs_per_person = limit(&mut section, "proofs_per_person", 20, faults);
    section.finish(faults);
    let issuer = issuer?.value;
    let host = || Url::parse(&issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
    Some(Login {
        provider: provider.map(|name| name.value).or_else(host).unwrap_or_default(),
        issuer,
        client_id: client_id?.value,
        client_secret,
        scopes,
        other_audiences,
        groups_claim,
        handle_claim,
        groups_limit,
        session_idle,
        session_absolute,
        sign_ins_per_address,
        sign_ins_per_person,
        proofs_per_person,
    })
}

fn lasts(given: Option<&PlacedValue<Duration>>, usual: Duration) -> Duration {
    given.map_or(usual, |given| given.value)
}

/// Adds the fault that a session may be idle for longer than it may last; one of the two may be a default.
fn at_odds(idle: Option<PlacedValue<Duration>>, absolute: Option<PlacedValue<Duration>>, faults: &mut Collector<'_>) {
    let (place, said) = match (idle, absolute) {
        (Some(idle), Some(_)) => (idle.place, "`session_idle` is longer than `session_absolute`"),
        (Some(idle), None) => (idle.place, "`session_idle` is longer than `session_absolute`, which is 12h by default"),
        (None, Some(absolute)) => {
            (absolute.place, "`session_absolute` is shorter than `session_idle`, which is 1h by default")
        }
        // The two defaults are consistent.
        (None, None) => return,
    };
    faults.error(&place, said, None);
}

fn non_empty(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("this must not be empty") } else { Ok(text.to_owned()) }
}

/// EKS says "several seconds"; up to 30 s were measured by others.
const ENTRY_SETTLE: Duration = Duration::from_secs(45);

fn aws(mut section: Section<'_>, folder: &Path, faults: &mut Collector<'_>) -> AwsSettings {
    let region = section.parsed("region", faults, |text| {
        let known = Partition::of_region(text).map(|_| text.to_owned());
        known.ok_or_else(|| format!("`{text}` is not a region, such as eu-west-1"))
    });
    let mut url = |key, faults: &mut Collector<'_>| section.parsed(key, faults, outside_url).map(|url| url.value);
    let iam_url = url("iam_url", faults);
    let sts_url = url("sts_url", faults);
    let eks_url = url("eks_url", faults);
    let sts_authorities =
        section.text("sts_ca_file", faults).and_then(|file| authorities(&file, &folder.join(file.value), faults));
    let proxy_clusters = section.flag("proxy_clusters", faults).is_some_and(|flag| flag.value);
    let settles = Duration::ZERO..=Duration::from_mins(5);
    let entry_settle = section.duration("entry_settle", settles, "5m at most", faults);
    section.finish(faults);
    AwsSettings {
        region: region.map(|region| region.value),
        iam_url,
        sts_url,
        eks_url,
        sts_authorities,
        proxy_clusters,
        entry_settle: entry_settle.map_or(ENTRY_SETTLE, |given| given.value),
    }
}

/// The certificates of a file of authorities. A file that cannot be read is a warning, as with secrets: the worker does
/// not need it, and the portal then trusts the public authorities.
fn authorities(given: &PlacedValue<&str>, path: &Path, faults: &mut Collector<'_>) -> Option<Authorities> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) => {
            faults.warning(&given.place, format!("the file {} cannot be read: {error}", path.display()), None);
            return None;
        }
    };
    let read = || -> Result<Vec<CertificateDer<'static>>, String> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        let found = found.map_err(|error| format!("is not PEM: {error}"))?;
        if found.is_empty() { Err("holds no certificate in PEM".to_owned()) } else { Ok(found) }
    };
    match read() {
        Ok(certificates) => Some(Authorities { file: path.to_owned(), certificates }),
        Err(why) => {
            faults.error(&given.place, format!("the file {} {why}", path.display()), None);
            None
        }
    }
}

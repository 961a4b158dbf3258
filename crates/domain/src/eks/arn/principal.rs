//! The ARNs of IAM users and roles, and of the sessions of roles.

use super::{AccountId, ArnParts, InvalidArn, Partition, is_iam_name, is_iam_name_byte, text_type};

const USER: &str = "the ARN of an IAM user";
const USER_FORM: &str = "arn:aws:iam::ACCOUNT:user/NAME, with a path before the name where the user has one";
const ROLE: &str = "the ARN of an IAM role";
const ROLE_FORM: &str = "arn:aws:iam::ACCOUNT:role/NAME, with a path before the name where the role has one";
const SESSION: &str = "the ARN of a role's session";
const SESSION_FORM: &str = "arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION";
/// The path of the roles that Identity Center makes; a region may follow. (IAM user guide, "Identity Center".)
pub const IDENTITY_CENTER: &str = "/aws-reserved/sso.amazonaws.com/";
const PRINCIPAL: &str = "the ARN of an IAM user or role";
const PRINCIPAL_FORM: &str = "arn:aws:iam::ACCOUNT:user/NAME or arn:aws:iam::ACCOUNT:role/NAME";

/// What users and roles have in common: an account, a path and a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct NamedArn {
    text: String,
    partition: Partition,
    account: AccountId,
    path: String,
    name: String,
}

impl NamedArn {
    fn parse(text: &str, kind: &str, wanted: &'static str, form: &str) -> Result<Self, InvalidArn> {
        let wrong = |why: &str| InvalidArn::new(text, wanted, why);
        let parts = ArnParts::split(text, wanted, form)?;
        if parts.service == "iam" && parts.resource == "root" {
            return Err(wrong("the root user of an account is never given access; use an IAM user or role"));
        }
        let rest = match (parts.service, parts.region, parts.resource.strip_prefix(kind)) {
            ("iam", "", Some(rest)) if rest.starts_with('/') => rest,
            _ => return Err(wrong(&format!("the form is {form}"))),
        };
        // `rest` starts with a slash, so there is always one to split at.
        let name_at = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (path, name) = rest.split_at(name_at);
        if path.len() > 512 {
            return Err(wrong("a path has at most 512 characters"));
        }
        if !is_iam_name(name) {
            return Err(wrong("a name is 1 to 64 letters, digits and the characters _+=,.@-"));
        }
        let (path, name) = (path.to_owned(), name.to_owned());
        Ok(Self { text: text.to_owned(), partition: parts.partition, account: parts.account, path, name })
    }
}

macro_rules! named_accessors {
    ($name:ident, $what:literal) => {
        impl $name {
            /// The ARN, as it was given.
            pub fn as_str(&self) -> &str {
                &self.0.text
            }

            /// The partition.
            pub const fn partition(&self) -> Partition {
                self.0.partition
            }

            /// The account.
            pub const fn account(&self) -> &AccountId {
                &self.0.account
            }

            #[doc = concat!("The path of the ", $what, ": `/` or `/…/`, with a slash at both ends.")]
            pub fn path(&self) -> &str {
                &self.0.path
            }

            #[doc = concat!("The name of the ", $what, ", without its path.")]
            pub fn name(&self) -> &str {
                &self.0.name
            }
        }
    };
}

/// `arn:P:iam::ACCOUNT:user/PATH/NAME`, as `GetCallerIdentity` returns it, including the path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserArn(NamedArn);

named_accessors!(UserArn, "user");
text_type!(UserArn);

impl UserArn {
    /// Reads a user's ARN.
    pub fn parse(text: &str) -> Result<Self, InvalidArn> {
        NamedArn::parse(text, "user", USER, USER_FORM).map(Self)
    }
}

/// `arn:P:iam::ACCOUNT:role/PATH/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleArn(NamedArn);

named_accessors!(RoleArn, "role");
text_type!(RoleArn);

impl RoleArn {
    /// Reads a role's ARN.
    pub fn parse(text: &str) -> Result<Self, InvalidArn> {
        NamedArn::parse(text, "role", ROLE, ROLE_FORM).map(Self)
    }

    /// Whether Identity Center made it: only AWS may change it.
    pub fn is_identity_center(&self) -> bool {
        self.path().starts_with(IDENTITY_CENTER)
    }

    /// The same role as aws-auth must name it: the authenticator sees sessions, whose ARNs carry no path.
    #[must_use]
    pub fn without_path(&self) -> Self {
        let NamedArn { partition, account, name, .. } = &self.0;
        Self(NamedArn {
            text: format!("arn:{partition}:iam::{account}:role/{name}"),
            partition: *partition,
            account: account.clone(),
            path: "/".to_owned(),
            name: name.clone(),
        })
    }
}

/// The name that a session of a role was given when the role was assumed: 2 to 64 of `[A-Za-z0-9_+=,.@-]`, as
/// `sts:AssumeRole` takes it. Upper and lower case are different names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionName(String);

text_type!(SessionName);

impl SessionName {
    /// Reads the name of a session.
    pub fn parse(text: &str) -> Result<Self, InvalidArn> {
        if (2..=64).contains(&text.len()) && text.bytes().all(is_iam_name_byte) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidArn::new(
            text,
            "the name of a role's session",
            "it is 2 to 64 letters, digits and the characters _+=,.@-",
        ))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a tool chose it for whoever uses the tool: it says nothing of a person. `aws eks get-token --role-arn`
    /// always says `EKSGetTokenAuth`; the SDK for Python says `botocore-session-<seconds>` if a profile names none.
    pub fn is_of_a_tool(&self) -> bool {
        self.0 == "EKSGetTokenAuth" || self.0.starts_with("botocore-session-")
    }
}

/// `arn:P:sts::ACCOUNT:assumed-role/ROLE/SESSION`: the identity of a caller who assumed a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AssumedRoleArn {
    text: String,
    role: RoleArn,
    session: String,
}

text_type!(AssumedRoleArn);

impl AssumedRoleArn {
    /// Reads the ARN of a role's session.
    pub fn parse(text: &str) -> Result<Self, InvalidArn> {
        let wrong = |why: &str| InvalidArn::new(text, SESSION, why);
        let parts = ArnParts::split(text, SESSION, SESSION_FORM)?;
        let ("sts", "", Some(named)) = (parts.service, parts.region, parts.resource.strip_prefix("assumed-role/"))
        else {
            return Err(wrong(&format!("the form is {SESSION_FORM}")));
        };
        let Some((role, session)) = named.split_once('/') else {
            return Err(wrong(&format!("the form is {SESSION_FORM}")));
        };
        if !is_iam_name(role) {
            return Err(wrong("a role's name is 1 to 64 letters, digits and the characters _+=,.@-"));
        }
        if session.is_empty() || session.contains('/') {
            return Err(wrong("a session's name is not empty and holds no slash"));
        }
        let role = RoleArn(NamedArn {
            text: format!("arn:{}:iam::{}:role/{role}", parts.partition, parts.account),
            partition: parts.partition,
            account: parts.account,
            path: "/".to_owned(),
            name: role.to_owned(),
        });
        Ok(Self { text: text.to_owned(), role, session: session.to_owned() })
    }

    /// The ARN, as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The role, as aws-auth names it: a session's ARN does not contain the path, so it is `/` here.
    pub const fn role(&self) -> &RoleArn {
        &self.role
    }

    /// The name that the session was given when the role was assumed.
    pub fn session(&self) -> &str {
        &self.session
    }
}

/// An IAM user or role: an identity that can hold a policy and be mapped into a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PrincipalArn {
    /// A user.
    User(UserArn),
    /// A role, without its path if it was derived from a session.
    Role(RoleArn),
}

text_type!(PrincipalArn);

/// The kinds of IAM principals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    User,
    Role,
}

impl PrincipalKind {
    /// The value that rows store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Role => "role",
        }
    }

    /// The name that people use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "IAM user",
            Self::Role => "IAM role",
        }
    }
}

impl PrincipalArn {
    /// Reads the ARN of a user or role. The ARN of a role's session becomes that of its role, as in the authenticator.
    pub fn parse(text: &str) -> Result<Self, InvalidArn> {
        let parts = ArnParts::split(text, PRINCIPAL, PRINCIPAL_FORM)?;
        match (parts.service, parts.resource.split('/').next()) {
            ("iam", Some("user" | "root")) => UserArn::parse(text).map(Self::User),
            ("iam", Some("role")) => RoleArn::parse(text).map(Self::Role),
            ("sts", Some("assumed-role")) => AssumedRoleArn::parse(text).map(|arn| Self::Role(arn.role)),
            ("iam", Some("group")) => {
                Err(InvalidArn::new(text, PRINCIPAL, "a group of IAM cannot sign in; name the user or role"))
            }
            ("sts", Some("federated-user")) => {
                Err(InvalidArn::new(text, PRINCIPAL, "a federated user cannot be mapped; use an IAM user or role"))
            }
            _ => Err(InvalidArn::new(text, PRINCIPAL, format!("the form is {PRINCIPAL_FORM}"))),
        }
    }

    /// The ARN.
    pub fn as_str(&self) -> &str {
        match self {
            Self::User(user) => user.as_str(),
            Self::Role(role) => role.as_str(),
        }
    }

    /// The partition.
    pub const fn partition(&self) -> Partition {
        match self {
            Self::User(user) => user.partition(),
            Self::Role(role) => role.partition(),
        }
    }

    /// The account.
    pub const fn account(&self) -> &AccountId {
        match self {
            Self::User(user) => user.account(),
            Self::Role(role) => role.account(),
        }
    }

    /// The path, with a slash at both ends.
    pub fn path(&self) -> &str {
        match self {
            Self::User(user) => user.path(),
            Self::Role(role) => role.path(),
        }
    }

    /// The name, without its path.
    pub fn name(&self) -> &str {
        match self {
            Self::User(user) => user.name(),
            Self::Role(role) => role.name(),
        }
    }

    /// The kind of the principal.
    pub const fn kind(&self) -> PrincipalKind {
        match self {
            Self::User(_) => PrincipalKind::User,
            Self::Role(_) => PrincipalKind::Role,
        }
    }

    /// The ARN by which authenticators compare it: a role's without its path, since the ARN of a session has none.
    #[must_use]
    pub fn canonical(&self) -> Self {
        match self {
            Self::User(_) => self.clone(),
            Self::Role(role) => Self::Role(role.without_path()),
        }
    }

    /// The role, if the principal is one.
    pub const fn as_role(&self) -> Option<&RoleArn> {
        match self {
            Self::User(_) => None,
            Self::Role(role) => Some(role),
        }
    }

    /// The user, if the principal is one.
    pub const fn as_user(&self) -> Option<&UserArn> {
        match self {
            Self::User(user) => Some(user),
            Self::Role(_) => None,
        }
    }
}

/// An ARN as IAM, EKS and authenticators compare it: in lower case, a role's without its path. A text that is no ARN of a
/// principal is put in lower case alone. The database has the same function, `latchkey_arn_key`.
pub fn arn_key(arn: &str) -> String {
    let key = PrincipalArn::parse(arn).map_or_else(|_| arn.to_owned(), |arn| arn.canonical().to_string());
    key.to_ascii_lowercase()
}

impl From<UserArn> for PrincipalArn {
    fn from(user: UserArn) -> Self {
        Self::User(user)
    }
}

impl From<RoleArn> for PrincipalArn {
    fn from(role: RoleArn) -> Self {
        Self::Role(role)
    }
}

//! An OpenID provider whose sign-in page shows the people as buttons.

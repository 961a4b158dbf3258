//! Sign-in protocols to a person, AWS proofs to an ARN.

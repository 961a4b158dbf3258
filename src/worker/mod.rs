//! Reconciles targets.

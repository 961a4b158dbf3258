//! Finds the programs that a cluster consists of.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// The folder that `tests/rig/build` fills; `None` if neither `LATCHKEY_TOOLS` nor `HOME` is set.
pub fn tools() -> Option<PathBuf> {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/latchkey/tools"));
    std::env::var_os("LATCHKEY_TOOLS").map(PathBuf::from).or_else(home)
}

/// The programs that a cluster consists of.
#[derive(Debug, Clone)]
pub struct Programs {
    pub etcd: PathBuf,
    pub apiserver: PathBuf,
    pub controllers: PathBuf,
    pub authenticator: PathBuf,
}

/// Programs that are in none of the folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Their names.
    pub names: Vec<&'static str>,
    /// The folders that were searched.
    pub folders: Vec<PathBuf>,
}

impl Programs {
    /// The programs in the folder that `KUBEBUILDER_ASSETS` names; missing ones come from what `make tools` built.
    ///
    /// # Errors
    /// The programs that are missing.
    pub fn find() -> Result<Self, Missing> {
        let assets = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
        Self::find_in(assets.into_iter().chain(tools().map(|tools| tools.join("bin"))).collect())
    }

    /// The programs in these folders, each from the first folder that has it.
    ///
    /// # Errors
    /// The programs that are missing.
    pub fn find_in(folders: Vec<PathBuf>) -> Result<Self, Missing> {
        let mut names = Vec::new();
        let mut find = |name: &'static str| {
            let found = folders.iter().map(|folder: &PathBuf| folder.join(name)).find(|path| path.is_file());
            found.unwrap_or_else(|| {
                names.push(name);
                PathBuf::new()
            })
        };
        let programs = Self {
            etcd: find("etcd"),
            apiserver: find("kube-apiserver"),
            controllers: find("kube-controller-manager"),
            authenticator: find("aws-iam-authenticator"),
        };
        if names.is_empty() { Ok(programs) } else { Err(Missing { names, folders }) }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folders: Vec<_> = self.folders.iter().map(|folder: &PathBuf| Path::display(folder).to_string()).collect();
        write!(
            f,
            "real clusters need {}, which {} not in {}: `make tools` builds what is missing, or let KUBEBUILDER_ASSETS \
             name a folder that has it",
            self.names.join(", "),
            if self.names.len() == 1 { "is" } else { "are" },
            folders.join(" or "),
        )
    }
}

impl std::error::Error for Missing {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_the_way_to_get_it() {
        let missing = Programs::find_in(vec!["/nowhere".into(), "/nor/here".into()]).map(|_| ());
        assert_eq!(
            missing.map_err(|missing| missing.to_string()),
            Err("real clusters need etcd, kube-apiserver, kube-controller-manager, aws-iam-authenticator, which are \
                 not in /nowhere or /nor/here: `make tools` builds what is missing, or let KUBEBUILDER_ASSETS name a \
                 folder that has it"
                .to_owned())
        );
    }
}

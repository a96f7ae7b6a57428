//! Owns what surrounds a module's activities: what the operator lets them reach, and the values of the
//! secrets they see, which are read when they are needed and kept nowhere.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Error, ModuleRecord, Modules};
use crate::wasm::activity_guest::Surroundings;
use crate::wasm::permissions::Permissions;
use crate::workflow::failure::{Failure, error_type};

/// A secret is a password or a key, and becomes a variable.
const SECRET_BYTES_MAX: usize = 32 * 1024;

impl Modules {
    /// Says in which folder the values of secrets are: each in a file of its name.
    #[must_use]
    pub fn with_secrets(mut self, folder: Option<PathBuf>) -> Self {
        self.secrets = folder;
        self
    }

    /// Says what a module's activities may reach, from their next attempt on.
    ///
    /// # Errors
    /// There is no such module, the permissions can't be used, or the store failed.
    pub async fn permit(
        &self,
        name: &str,
        permissions: Permissions,
    ) -> Result<ModuleRecord, Error> {
        permissions.check()?;
        let _changing = self.changing.lock().await;
        let permissions = Arc::new(permissions);
        let record = ModuleRecord { permissions, ..self.get(name)? };
        self.save(&record, None).await?;
        Ok(record)
    }

    /// Returns what surrounds an attempt of one of a module's activities.
    ///
    /// # Errors
    /// A secret it may see is not there.
    pub async fn surroundings(&self, module: &str) -> Result<Surroundings, Failure> {
        let permissions = self.read(|table| {
            let record = table.records.get(module);
            record.map(|record| record.permissions.clone()).unwrap_or_default()
        });
        let mut secrets = Vec::with_capacity(permissions.secrets.len());
        for name in &permissions.secrets {
            let missing = |reason: String| {
                Failure::new(
                    error_type::SECRET_MISSING,
                    format!("the secret {name} of module '{module}' can't be had: {reason}"),
                )
            };
            let Some(folder) = &self.secrets else {
                let reason = "the host has no folder of secrets: start it with --secrets-dir";
                return Err(missing(reason.to_owned()));
            };
            // The name has been checked: it leads nowhere else.
            secrets.push((name.clone(), read_secret(&folder.join(name)).await.map_err(missing)?));
        }
        Ok(Surroundings { module: module.to_owned(), permissions, secrets })
    }
}

/// Reads a secret. What is wrong with it is said without its value.
async fn read_secret(path: &Path) -> Result<String, String> {
    let file = path.display();
    let bytes = tokio::fs::read(path).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file {file}"),
        _ => format!("{file} can't be read: {error}"),
    })?;
    if bytes.len() > SECRET_BYTES_MAX {
        return Err(format!("{file} has more than {SECRET_BYTES_MAX} bytes"));
    }
    let mut value = String::from_utf8(bytes).map_err(|_| format!("{file} is not UTF-8 text"))?;
    // Editors and shells end a file with a line break, which is no part of a password.
    let end = value.trim_end_matches(['\n', '\r']).len();
    value.truncate(end);
    match value.contains('\0') {
        true => Err(format!("{file} has a NUL in it")),
        false => Ok(value),
    }
}

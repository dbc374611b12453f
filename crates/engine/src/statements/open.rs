//! The table that a statement changes.

use crate::delta::{self, Place, PlaceVersion};
use crate::session::Run;
use crate::target::Target;
use crate::{Error, ErrorKind, Position, Result, names, time_travel};
use datafusion::sql::sqlparser::ast::{ObjectName, Spanned};
use std::sync::Arc;
use tarn_delta::TableStore;
use tarn_delta::snapshot::Snapshot;
use tarn_dialect::AsOf;

/// Where a statement's table is, or is to be.
pub(super) struct TargetPlace {
    pub(super) place: Place,
    pub(super) position: Option<Position>,
    /// What FROM calls it where the statement gives no alias.
    pub(super) short_name: String,
}

impl TargetPlace {
    /// Where a name points.
    ///
    /// # Errors
    /// When it is no name of a Delta table, or names an earlier version.
    pub(super) fn of(run: &Run<'_>, name: &ObjectName) -> Result<Self> {
        let position = Position::of(name.span());
        let target = Target::of(&run.session.state(), name)?;
        let place = target.place(run.session.engine.base()).map_err(|error| error.at(position))?;
        if place.version != PlaceVersion::Latest {
            return Err(Error::new(ErrorKind::Invalid, "An earlier version of a table cannot be changed")
                .hint("Leave the version out; RESTORE brings an earlier version back")
                .at(position));
        }
        let short_name = match target {
            Target::Named { name, .. } => name,
            Target::Path { path, .. } => path,
        };
        Ok(Self { place, position, short_name })
    }

    /// The same table at another version, where one is named.
    ///
    /// # Errors
    /// When a time is none, at its place.
    pub(super) fn at(mut self, run: &Run<'_>, as_of: Option<&AsOf>) -> Result<Self> {
        if let Some(as_of) = as_of {
            self.place = self.place.at(time_travel::version(&run.session.state(), as_of)?);
        }
        Ok(self)
    }

    /// The store of the table's folder.
    pub(super) fn store(&self, run: &Run<'_>) -> Result<TableStore> {
        delta::table_store(run.session.engine.stores(), &self.place.url)
    }

    /// Its version, or none where there is no table.
    pub(super) async fn find(&self, run: &Run<'_>) -> Result<Option<Arc<Snapshot>>> {
        match delta::open(run.session.engine.stores(), &self.place).await {
            Ok(snapshot) => Ok(Some(snapshot)),
            Err(error) if delta::is_absent(&error) => Ok(None),
            Err(error) => Err(error.at(self.position)),
        }
    }

    /// Its version.
    ///
    /// # Errors
    /// When there is no table, or no such version.
    pub(super) async fn open(&self, run: &Run<'_>, name: &ObjectName) -> Result<Arc<Snapshot>> {
        self.find(run).await?.ok_or_else(|| {
            let shown = names::quoted(&name.to_string());
            if let Ok(Target::Named { catalog, schema, name }) = Target::of(&run.session.state(), name)
                && run.session.lake.views.get(&catalog, &schema, &name).is_some()
            {
                return Error::new(ErrorKind::Invalid, format!("{shown} is a view, not a table"))
                    .hint("Name the table that it reads")
                    .at(self.position);
            }
            Error::new(ErrorKind::NotFound, format!("There is no table {shown}"))
                .hint("SHOW TABLES lists the tables, CREATE TABLE makes one")
                .at(self.position)
        })
    }
}

//! Statements whose text is put together once: each time anew it costs as much as reading what they answer.

use super::Result;
use sea_orm::{ConnectionTrait, DbBackend, QueryTrait, Statement, TryGetableMany, Value};
use std::sync::OnceLock;

/// With more values than this a text is put together each time.
const MOST: usize = 32;

/// The text of a query, in each database's words, by how many values it has.
pub(super) struct Text([[OnceLock<String>; MOST]; 2]);

impl Text {
    pub const fn new() -> Self {
        Self([const { [const { OnceLock::new() }; MOST] }; 2])
    }

    /// The query that `put` makes of these values, which come in the order of its text. Whatever else it says is the same
    /// each time, also how the values are dealt out.
    pub fn with<C, Q>(&self, c: &C, values: Vec<Value>, put: impl Fn(&[Value]) -> Q) -> Statement
    where
        C: ConnectionTrait,
        Q: QueryTrait,
    {
        let backend = c.get_database_backend();
        let kept = &self.0[usize::from(backend == DbBackend::Postgres)];
        // A list without values has a text of its own, with others in it.
        let Some(kept) = kept.get(values.len().wrapping_sub(1)) else {
            return put(&values).build(backend);
        };
        let text = kept.get_or_init(|| put(&values).build(backend).sql);
        debug_assert_eq!(put(&values).build(backend), Statement::from_sql_and_values(backend, text, values.clone()));
        Statement::from_sql_and_values(backend, text, values)
    }
}

/// What a query finds, in the order of its columns.
pub(super) async fn tuples<C: ConnectionTrait, T: TryGetableMany>(c: &C, q: Statement) -> Result<Vec<T>> {
    c.query_all_raw(q).await?.iter().map(|r| r.try_get_many_by_index()).collect()
}

/// The values of a list.
pub(super) fn list<T: Into<Value>>(of: impl IntoIterator<Item = T>) -> Vec<Value> {
    of.into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::entity::person::{Column, Entity};
    use sea_orm::{ColumnTrait, Database, EntityTrait, QueryFilter, QuerySelect};

    /// A list of another length has another text, and a long one is asked all the same.
    #[tokio::test]
    async fn a_text_is_of_its_number_of_values() {
        static OF: Text = Text::new();
        let c = Database::connect("sqlite::memory:").await.unwrap();
        let of = |ids: Vec<Value>| Entity::find().select_only().column(Column::Name).filter(Column::Id.is_in(ids));
        for many in [2, 0, 1, 2, MOST, MOST + 1, 1] {
            let ids = list((0..many).map(|n| n.to_string()));
            let kept = OF.with(&c, ids.clone(), |v| of(v.to_vec()));
            assert_eq!(kept, of(ids).build(DbBackend::Sqlite));
        }
    }
}

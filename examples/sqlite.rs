//! A resource of the host in scripts: SQLite databases and statements. The scripts forget to close them, and are left in every way there is: each time SQLite is asked to
//! close the statement first, then its connection.
//!
//! `sqlite3_close` answers SQLITE_BUSY while a statement of the connection is open, so its answer shows whether the order was right.
//!
//! `cargo run --example sqlite`

use probate::embed::{
    Arguments, Context, Engine, Error, FromValue, IntoValue, Kind, Local, NativeType, Preset, TextTracer,
    TypeDefinition,
};

// ---- SQLite's own handles ---------------------------------------------------------------------------------------------------

/// The little of SQLite that is needed, safely. `rusqlite::Statement` borrows its connection, which a value of a script cannot: here the engine sees to the order, and
/// SQLite to what would happen in another.
mod raw {
    use std::ffi::{CStr, CString, c_int};
    use std::ptr::{self, NonNull};

    use rusqlite::ffi;

    // SAFETY: as SQLite declares it. The bindings leave it out.
    unsafe extern "C" {
        fn sqlite3_close_v2(connection: *mut ffi::sqlite3) -> c_int;
    }

    #[derive(Debug, thiserror::Error)]
    #[error("SQLite: {message}")]
    pub struct SqlError {
        pub code: i32,
        pub message: String,
    }

    /// A value of a row.
    #[derive(Clone, Debug)]
    pub enum Cell {
        Null,
        Integer(i64),
        Real(f64),
        Text(String),
    }

    /// An open connection.
    pub struct Connection(NonNull<ffi::sqlite3>);

    /// A prepared statement. It does not borrow its connection: SQLite keeps that until its last statement is closed, whoever asks (`sqlite3_close` refuses,
    /// `sqlite3_close_v2` waits).
    pub struct Prepared(NonNull<ffi::sqlite3_stmt>);

    // SAFETY: SQLite is compiled in its serialized mode: every call takes the connection's mutex.
    unsafe impl Send for Connection {}
    // SAFETY: as above.
    unsafe impl Send for Prepared {}

    fn error(connection: *mut ffi::sqlite3, code: c_int) -> SqlError {
        // SAFETY: the connection is open, and the text is copied before anything else is asked of it.
        let message = unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(connection)) };
        SqlError { code, message: message.to_string_lossy().into_owned() }
    }

    fn c_text(text: &str) -> Result<CString, SqlError> {
        CString::new(text).map_err(|_| SqlError { code: ffi::SQLITE_MISUSE, message: "a text with a NUL".into() })
    }

    impl Connection {
        pub fn open(path: &str) -> Result<Connection, SqlError> {
            let path = c_text(path)?;
            let mut connection = ptr::null_mut();
            // SAFETY: both pointers are good for the call.
            let code = unsafe { ffi::sqlite3_open(path.as_ptr(), &raw mut connection) };
            // Even a connection that could not be opened is one to close, by dropping it.
            let Some(connection) = NonNull::new(connection).map(Connection) else {
                return Err(SqlError { code, message: "out of memory".into() });
            };
            if code == ffi::SQLITE_OK { Ok(connection) } else { Err(error(connection.0.as_ptr(), code)) }
        }

        pub fn prepare(&self, sql: &str) -> Result<Prepared, SqlError> {
            let (sql, mut statement) = (c_text(sql)?, ptr::null_mut());
            let connection = self.0.as_ptr();
            // SAFETY: the connection is open, and the text ends with a NUL.
            let code =
                unsafe { ffi::sqlite3_prepare_v2(connection, sql.as_ptr(), -1, &raw mut statement, ptr::null_mut()) };
            match NonNull::new(statement) {
                Some(statement) => Ok(Prepared(statement)),
                None if code == ffi::SQLITE_OK => Err(SqlError { code, message: "there is no statement".into() }),
                None => Err(error(connection, code)),
            }
        }

        /// Runs statements that have no parameters.
        pub fn execute(&self, sql: &str) -> Result<(), SqlError> {
            let (sql, connection) = (c_text(sql)?, self.0.as_ptr());
            // SAFETY: as in `prepare`; there is no callback.
            let code = unsafe { ffi::sqlite3_exec(connection, sql.as_ptr(), None, ptr::null_mut(), ptr::null_mut()) };
            if code == ffi::SQLITE_OK { Ok(()) } else { Err(error(connection, code)) }
        }

        /// Closes it; gives it back if a statement is open.
        pub fn close(self) -> Result<(), (Connection, SqlError)> {
            // SAFETY: the connection is open. If it is closed now, nobody has it any more.
            match unsafe { ffi::sqlite3_close(self.0.as_ptr()) } {
                ffi::SQLITE_OK => {
                    std::mem::forget(self);
                    Ok(())
                }
                code => {
                    let why = error(self.0.as_ptr(), code);
                    Err((self, why))
                }
            }
        }
    }

    impl Drop for Connection {
        fn drop(&mut self) {
            // SAFETY: the connection is open and nobody else closes it. Statements that are open keep it alive.
            unsafe { sqlite3_close_v2(self.0.as_ptr()) };
        }
    }

    impl Prepared {
        /// Runs it with these parameters: names of the columns, and the rows.
        pub fn all(&mut self, parameters: &[Cell]) -> Result<(Vec<String>, Vec<Vec<Cell>>), SqlError> {
            let statement = self.0.as_ptr();
            // SAFETY, for all that follows: the statement is open, and so is its connection; columns are asked for while there is a row, and texts copied at once.
            unsafe {
                let connection = ffi::sqlite3_db_handle(statement);
                for (place, cell) in (1..).zip(parameters) {
                    let code = match cell {
                        Cell::Null => ffi::sqlite3_bind_null(statement, place),
                        Cell::Integer(n) => ffi::sqlite3_bind_int64(statement, place, *n),
                        Cell::Real(n) => ffi::sqlite3_bind_double(statement, place, *n),
                        Cell::Text(text) => {
                            let length = c_int::try_from(text.len()).unwrap_or(c_int::MAX);
                            ffi::sqlite3_bind_text(
                                statement,
                                place,
                                text.as_ptr().cast(),
                                length,
                                ffi::SQLITE_TRANSIENT(),
                            )
                        }
                    };
                    if code != ffi::SQLITE_OK {
                        return Err(error(connection, code));
                    }
                }
                let columns = 0..ffi::sqlite3_column_count(statement);
                let name = |i| CStr::from_ptr(ffi::sqlite3_column_name(statement, i)).to_string_lossy().into_owned();
                let names = columns.clone().map(name).collect();
                let mut rows = Vec::new();
                let ended = loop {
                    match ffi::sqlite3_step(statement) {
                        ffi::SQLITE_ROW => rows.push(columns.clone().map(|i| column(statement, i)).collect()),
                        ffi::SQLITE_DONE => break Ok((names, rows)),
                        code => break Err(error(connection, code)),
                    }
                };
                ffi::sqlite3_reset(statement);
                ffi::sqlite3_clear_bindings(statement);
                ended
            }
        }

        pub fn close(self) -> i32 {
            let statement = self.0.as_ptr();
            std::mem::forget(self);
            // SAFETY: the statement is open, and nobody has it any more.
            unsafe { ffi::sqlite3_finalize(statement) }
        }
    }

    impl Drop for Prepared {
        fn drop(&mut self) {
            // SAFETY: the statement is open and nobody else closes it.
            unsafe { ffi::sqlite3_finalize(self.0.as_ptr()) };
        }
    }

    /// # Safety
    /// The statement stands on a row that has such a column.
    unsafe fn column(statement: *mut ffi::sqlite3_stmt, i: c_int) -> Cell {
        // SAFETY: by the contract; a text is good until the next call for this column.
        unsafe {
            match ffi::sqlite3_column_type(statement, i) {
                ffi::SQLITE_INTEGER => Cell::Integer(ffi::sqlite3_column_int64(statement, i)),
                ffi::SQLITE_FLOAT => Cell::Real(ffi::sqlite3_column_double(statement, i)),
                ffi::SQLITE_NULL => Cell::Null,
                _ => {
                    let text = ffi::sqlite3_column_text(statement, i);
                    let length = usize::try_from(ffi::sqlite3_column_bytes(statement, i)).unwrap_or(0);
                    let bytes = if text.is_null() { &[] } else { std::slice::from_raw_parts(text, length) };
                    Cell::Text(String::from_utf8_lossy(bytes).into_owned())
                }
            }
        }
    }

    /// The name of a result code.
    pub fn name_of(code: i32) -> String {
        match code {
            ffi::SQLITE_OK => "SQLITE_OK".to_string(),
            ffi::SQLITE_BUSY => "SQLITE_BUSY".to_string(),
            other => format!("code {other}"),
        }
    }
}

use raw::{Cell, SqlError};

// ---- In scripts -------------------------------------------------------------------------------------------------------------

impl<'s> IntoValue<'s> for Cell {
    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        match self {
            Cell::Null => Ok(Local::NULL),
            Cell::Integer(n) => n.into_value(cx),
            Cell::Real(n) => n.into_value(cx),
            Cell::Text(text) => text.into_value(cx),
        }
    }
}

impl<'s> FromValue<'s> for Cell {
    fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<Cell, Error> {
        Ok(match value.kind() {
            Kind::Undefined | Kind::Null => Cell::Null,
            Kind::Boolean => Cell::Integer(value.to::<bool>(cx)?.into()),
            Kind::Number => match value.to::<i64>(cx) {
                Ok(n) => Cell::Integer(n),
                Err(_) => Cell::Real(value.to(cx)?),
            },
            _ => Cell::Text(value.to(cx)?),
        })
    }
}

struct Database(Option<raw::Connection>);

impl Database {
    fn connection(&self) -> Result<&raw::Connection, SqlError> {
        self.0.as_ref().ok_or(SqlError { code: 0, message: "the database is closed".into() })
    }

    fn close(&mut self) -> Result<(), SqlError> {
        let Some(connection) = self.0.take() else { return Ok(()) };
        let closed = connection.close();
        let code = closed.as_ref().map_or_else(|(_, why)| why.code, |()| 0);
        println!("    sqlite3_close: {}", raw::name_of(code));
        closed.map_err(|(connection, why)| {
            self.0 = Some(connection);
            why
        })
    }

    /// The statement holds its database, by the engine: so it is finalized before that, wherever they stand and however they die.
    fn prepare<'v>(cx: &mut Context<'v>, arguments: Arguments<'v>) -> Result<Local<'v>, Error> {
        let (database, sql) = (arguments.this(), arguments.get::<String>(cx, 0)?);
        let prepared = database.with(cx, |database: &Database| database.connection()?.prepare(&sql))?;
        let statement = cx.native(Statement(Some(prepared.map_err(Error::host)?)))?;
        statement.attach(cx, 0, database)?;
        Ok(statement)
    }
}

impl NativeType for Database {
    const NAME: &'static str = "Database";

    fn define(database: &mut TypeDefinition<Database>) {
        database
            .constructor(|path: String| raw::Connection::open(&path).map(|connection| Database(Some(connection))))
            .method("exec", |database: &Database, sql: String| database.connection()?.execute(&sql))
            .raw_method("prepare", 1, Database::prepare)
            .method_mut("close", Database::close)
            .finalizer(|database| {
                // If it cannot be closed, it is dropped with its instance: SQLite closes it then as soon as it can.
                let _ = database.close();
            });
    }
}

struct Statement(Option<raw::Prepared>);

impl Statement {
    fn all<'v>(cx: &mut Context<'v>, arguments: Arguments<'v>) -> Result<Local<'v>, Error> {
        let parameters: Vec<Cell> =
            (0..arguments.len()).map(|index| arguments.get(cx, index)).collect::<Result<_, _>>()?;
        let rows = arguments.this().with_mut(cx, |statement: &mut Statement| match &mut statement.0 {
            Some(statement) => statement.all(&parameters),
            None => Err(SqlError { code: 0, message: "the statement is closed".into() }),
        })?;
        let (names, rows) = rows.map_err(Error::host)?;
        let objects = rows.into_iter().map(|row| cx.object_from(names.iter().zip(row)));
        let objects = objects.collect::<Result<Vec<_>, _>>()?;
        cx.array(objects)
    }

    fn close(&mut self) {
        if let Some(statement) = self.0.take() {
            println!("    sqlite3_finalize: {}", raw::name_of(statement.close()));
        }
    }
}

impl NativeType for Statement {
    const NAME: &'static str = "Statement";

    fn define(statement: &mut TypeDefinition<Statement>) {
        statement
            .raw_method("all", 0, Statement::all)
            .method_mut("close", Statement::close)
            .finalizer(Statement::close);
    }
}

// ---- Scripts that forget to close -------------------------------------------------------------------------------------------

/// Only the statement is returned by `open`: it alone keeps the database.
const LIBRARY: &str = "
function open() {
  const db = new Database(':memory:');
  db.exec(`create table books (title text, year integer);
           insert into books values ('On Wills', 1891), ('Probate', 1948), ('Estates', 2003)`);
  return db.prepare('select title, year from books where year > ? order by year');
}";

const SCRIPTS: [(&str, &str); 7] = [
    (
        "a function returns",
        "function titles() { return open().all(1900).map(({ title }) => title).join(', '); }\ntitles()",
    ),
    (
        "an exception",
        "function fail() {\n  const late = open();\n  throw new Error(`${late.all(2000).length} too late`);\n}\nfail()",
    ),
    (
        "a mistake in SQL",
        "function fail() {\n  const all = open(), db = new Database(':memory:');\n  return db.prepare('selekt 1');\n}\nfail()",
    ),
    ("a limit", "function loop() {\n  const all = open();\n  while (true) { all.all(0); }\n}\nloop()"),
    ("exit", "function leave() { const all = open(); exit(all.all(1900).length); }\nleave()"),
    (
        "closed by hand, too early",
        "const db = new Database(':memory:'), one = db.prepare('select 1');\ndb.close();\n''",
    ),
    ("the program ends", "const all = open();\n`${all.all(0).length} books`"),
];

/// Of all events those that say what becomes of databases and statements.
fn trace() -> impl FnMut(&str) + Send + 'static {
    let mut ours = Vec::new();
    move |line| {
        let mut words = line.split_whitespace();
        let (event, number) = (words.next().unwrap_or_default(), words.next().unwrap_or_default().to_string());
        match event {
            "final.run" => ours.push(number),
            "final.light" | "final.error" | "free" if ours.contains(&number) => {}
            _ => return,
        }
        print!("  {line}");
    }
}

fn main() -> Result<(), Error> {
    for (way, script) in SCRIPTS {
        println!("{way}:");
        let tracer = TextTracer::new(Some(Preset::Life), trace());
        let mut engine = Engine::builder().fuel(10_000).tracer(tracer, true).build();
        engine.native_type::<Database>().native_type::<Statement>();
        engine.eval_named::<()>("library.pbt", LIBRARY)?;
        match engine.eval_named::<String>("script.pbt", script) {
            Ok(value) => println!("  → {value}"),
            Err(error) => {
                let place = error.position().map_or(String::new(), |position| format!(" at {position}"));
                println!("  → {error}{place}");
            }
        }
        println!("  engine.finish()");
        engine.finish();
        println!();
    }
    Ok(())
}

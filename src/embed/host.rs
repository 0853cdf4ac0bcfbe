//! The engine of an embedder: programs that stay, calls, scopes, and what is lent to them.
//!
//! An embedder's programs are inputs of a session: what one declares at its top level, later ones and calls find. The session begins with the first use and ends
//! with [`Engine::finish`].

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::Engine;
use super::context::{AsContext, Context};
use super::convert::{FromValue, IntoArgs, IntoValue};
use super::error::Error;
use super::function::{self, Arguments, HostFunction};
use super::handle::Handle;
use super::local::Local;
use super::native_type::{self, NativeType};
use crate::heap::value::Value;
use crate::syntax::ast::{self, Span};
use crate::syntax::{self, ParseOptions};
use crate::vm::hosted::Loan;
use crate::vm::{Entered, Vm};

impl Engine {
    // ---- What scripts find --------------------------------------------------------------------------------------------------

    /// Gives programs a function: a closure with typed arguments. Those that are compiled from now on find it. If it takes a name that was given before, programs that are
    /// compiled already call it, too; the closure that had the name is dropped with the engine.
    ///
    /// ```
    /// # use probate::embed::{Engine, Error};
    /// let mut engine = Engine::new();
    /// engine.function("area", |width: f64, height: f64| width * height);
    /// assert_eq!(engine.eval::<f64>("area(3, 4)")?, 12.0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn function<M: 'static>(&mut self, name: &str, function: impl HostFunction<M> + Send + 'static) -> &mut Engine {
        let function = function::function(name, function);
        self.vm.define_builtin(name, |vm| vm.builtin_function(function, name));
        self
    }

    /// The same with a closure that takes and answers values as they are. `length` is how many arguments it says it takes.
    pub fn raw_function<F>(&mut self, name: &str, length: u8, function: F) -> &mut Engine
    where
        F: for<'v> Fn(&mut Context<'v>, Arguments<'v>) -> Result<Local<'v>, Error> + Send + 'static,
    {
        let function = function::raw(name, length, function);
        self.vm.define_builtin(name, |vm| vm.builtin_function(function, name));
        self
    }

    /// Gives all programs that are compiled from now on a type of the host.
    pub fn native_type<T: NativeType>(&mut self) -> &mut Engine {
        native_type::register::<T>(&mut self.vm);
        self
    }

    /// Gives a global variable a value; there need not be one of that name. Scripts cannot assign to one that is made here.
    ///
    /// # Errors
    /// What the conversion says; the memory limit.
    pub fn set_global(&mut self, name: &str, value: impl for<'v> IntoValue<'v>) -> Result<(), Error> {
        if !syntax::is_name(name) {
            return Err(Error::type_error(format!("a variable cannot be called {name:?}")));
        }
        self.open_realm();
        let slot = self.slot_of(name);
        self.enter(|cx| {
            let value = value.into_value(cx)?.value;
            match slot {
                Some(slot) => cx.vm.put_global(slot, value),
                None => cx.vm.push_global(name, value),
            }
            Ok::<(), Error>(())
        })?;
        if slot.is_none() {
            self.add_name(name);
        }
        Ok(())
    }

    /// What a global variable, or else a built-in, holds.
    ///
    /// # Errors
    /// There is none of that name; it is of another type.
    pub fn global<R: for<'v> FromValue<'v>>(&mut self, name: &str) -> Result<R, Error> {
        self.enter(|cx| cx.global(name))
    }

    // ---- Programs -----------------------------------------------------------------------------------------------------------

    /// Compiles and runs a text in the session, and converts its value: that of its last statement, if that is an expression. What it declares at its top level stays.
    ///
    /// # Errors
    /// It does not compile; it throws; a limit; its value is of another type.
    pub fn eval<R: for<'v> FromValue<'v>>(&mut self, source: &str) -> Result<R, Error> {
        self.eval_named("<eval>", source)
    }

    /// The same; `name` is what the text is called in messages and stack traces.
    ///
    /// # Errors
    /// As [`Engine::eval`].
    pub fn eval_named<R: for<'v> FromValue<'v>>(&mut self, name: &str, source: &str) -> Result<R, Error> {
        self.open_realm();
        let result = match self.evaluate(name, source) {
            Ok(()) => {
                let value = self.vm.open_value();
                // What it takes to convert it is the program's.
                let entered = self.vm.enter_after_program("call");
                self.inside(entered, |vm| {
                    let mut cx = Context::new(vm, true);
                    let value = cx.keep(value);
                    R::from_value(&mut cx, value)
                })
            }
            Err(error) => Err(self.thrown(error).in_source(name, source)),
        };
        self.forget();
        self.vm.resume_panic();
        result
    }

    /// Compiles a text to a function with these parameters, to be called as often as wanted: its value is that of its last statement, if that is an expression, or what it
    /// returns. Each call has a scope of its own, with all that the text declares.
    ///
    /// # Errors
    /// It does not compile, or imports something; a parameter is no name.
    pub fn compile_function(&mut self, name: &str, parameters: &[&str], source: &str) -> Result<Handle, Error> {
        self.open_realm();
        let made = self.parse_body(parameters, source).and_then(|tree| self.run_tree(name, source, &tree));
        made.map_err(|error| error.in_source(name, source))?;
        let value = self.vm.open_value();
        let handle = self.enter(|cx| {
            let function = cx.keep(value);
            cx.handle(function)
        });
        self.forget();
        Ok(handle)
    }

    /// Calls the global function of that name.
    ///
    /// # Errors
    /// There is none; what it throws ([`Error::Thrown`]); limits; arguments or a result that cannot be converted.
    pub fn call<R: for<'v> FromValue<'v>>(
        &mut self,
        name: &str,
        arguments: impl for<'v> IntoArgs<'v>,
    ) -> Result<R, Error> {
        self.enter(|cx| {
            let function: Local = cx.global(name)?;
            cx.call(function, arguments)
        })
    }

    /// Does something inside, in a scope of its own: values that are made there die at its end unless something older refers to them, and what is lent to it is taken
    /// back. All of it has the limits of one program.
    pub fn scope<'env, R>(&mut self, f: impl for<'s> FnOnce(&mut Scope<'s, 'env>) -> R) -> R {
        self.enter_as("scope", |vm| {
            let mut scope = Scope { context: Context::new(vm, true), lent: Vec::new(), env: PhantomData };
            f(&mut scope)
        })
    }

    pub(crate) fn enter_as<R>(&mut self, name: &'static str, f: impl FnOnce(&mut Vm) -> R) -> R {
        self.open_realm();
        let entered = self.vm.enter_from_host(name);
        let result = self.inside(entered, f);
        self.vm.resume_panic();
        result
    }

    /// Does something where the host has entered, and leaves on every way out.
    fn inside<R>(&mut self, entered: Entered, f: impl FnOnce(&mut Vm) -> R) -> R {
        let inside = Inside { entered, vm: &mut self.vm };
        f(inside.vm)
    }

    /// The body of a function as a tree whose only statement is that function.
    fn parse_body(&self, parameters: &[&str], source: &str) -> Result<ast::Program, Error> {
        for name in parameters {
            if !syntax::is_name(name) || syntax::parse(&format!("let {name};"), &self.parse).is_err() {
                return Err(Error::type_error(format!("a parameter cannot be called {name:?}")));
            }
        }
        let options = ParseOptions { is_body: true, ..self.parse };
        let mut tree = syntax::parse(source, &options).map_err(Error::from)?;
        let (span, nowhere) = (tree.span, Span::new(0, 0));
        let last = tree.body.iter().rposition(|statement| !matches!(statement.kind, ast::StmtKind::Empty));
        if let Some(last) = last.and_then(|last| tree.body.get_mut(last))
            && matches!(last.kind, ast::StmtKind::Expr(_))
            && let ast::StmtKind::Expr(value) = std::mem::replace(&mut last.kind, ast::StmtKind::Empty)
        {
            last.kind = ast::StmtKind::Return(Some(value));
        }
        let body = ast::Block { body: std::mem::take(&mut tree.body), span };
        let depth = body.body.iter().map(|statement| statement.depth).max().unwrap_or(0).saturating_add(2);
        let parameter = |name: &&str| ast::Slot {
            target: ast::Pattern { kind: ast::PatternKind::Name((*name).into()), span: nowhere },
            default: None,
        };
        let function = ast::Function {
            kind: ast::FunctionKind::Plain,
            name: None,
            params: parameters.iter().map(parameter).collect(),
            rest: None,
            body: ast::FunctionBody::Block(body),
            span,
        };
        let kind = ast::ExprKind::Function(Arc::new(function));
        tree.body = vec![ast::Stmt { kind: ast::StmtKind::Expr(ast::Expr { kind, span, depth }), span, depth }];
        Ok(tree)
    }
}

impl AsContext for Engine {
    fn enter<R>(&mut self, f: impl for<'v> FnOnce(&mut Context<'v>) -> R) -> R {
        self.enter_as("call", |vm| f(&mut Context::new(vm, true)))
    }

    fn idle(&mut self) -> Option<&mut Vm> {
        self.open_realm();
        self.vm.is_idle().then_some(&mut self.vm)
    }
}

/// The machine while the host is inside; left on every way out.
struct Inside<'v> {
    vm: &'v mut Vm,
    entered: Entered,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.vm.leave_to_host(self.entered);
    }
}

/// Takes back what an instance or a function stands for.
type TakeBack = fn(&mut Vm, Value);

/// A scope of the host's ([`Engine::scope`]): a [`Context`] to which the host can lend what it only borrows.
///
/// `'env` is what is lent: it is there for longer than the scope.
pub struct Scope<'s, 'env> {
    context: Context<'s>,
    /// What stands for what was lent, held by the scope, and how it is taken back.
    lent: Vec<(Value, TakeBack)>,
    env: PhantomData<&'env mut &'env ()>,
}

impl<'s, 'env> Scope<'s, 'env> {
    /// Lends a value to scripts until the scope ends, as an instance of its type. A script that has kept it finds it closed then.
    ///
    /// # Errors
    /// The type is not known to this engine.
    pub fn lend<T: NativeType>(&mut self, value: &'env mut T) -> Result<Local<'s>, Error> {
        self.lend_as(Loan::Mutable(value))
    }

    /// The same for a value that scripts may only look at.
    ///
    /// # Errors
    /// As [`Scope::lend`].
    pub fn lend_ref<T: NativeType>(&mut self, value: &'env T) -> Result<Local<'s>, Error> {
        self.lend_as(Loan::Shared(value))
    }

    fn lend_as<T: NativeType>(&mut self, loan: Loan<'env, T>) -> Result<Local<'s>, Error> {
        let class = native_type::class_for_loan::<T>(self.vm)?;
        let made = self.context.vm.lend_value(class, T::NAME, loan);
        self.lent.push((made, Vm::revoke::<T>));
        Ok(self.keep(made))
    }

    /// Lends a closure to scripts until the scope ends: it may use what the host only borrows. Called later, it is a TypeError.
    pub fn lend_function<M: 'env>(&mut self, name: &str, function: impl HostFunction<M> + 'env) -> Local<'s> {
        let shape = function::shape_of(&function);
        let made = self.context.vm.lend_function(name, shape, Box::new(function::caller(name, function)));
        self.lent.push((made, Vm::revoke_function));
        self.keep(made)
    }
}

impl Drop for Scope<'_, '_> {
    fn drop(&mut self) {
        for (value, take_back) in std::mem::take(&mut self.lent) {
            take_back(self.context.vm, value);
        }
    }
}

impl<'s> Deref for Scope<'s, '_> {
    type Target = Context<'s>;

    fn deref(&self) -> &Context<'s> {
        &self.context
    }
}

impl DerefMut for Scope<'_, '_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.context
    }
}

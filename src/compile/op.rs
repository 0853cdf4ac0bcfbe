//! The instruction set: this table is the virtual machine's manual.
//!
//! An instruction is 64 bits wide: `op` (8), `x` (8, flags), and the operands `a`, `b`, `c` (16 each). Where an
//! operand needs 32 bits, `b` (low) and `c` (high) together are `bc`, signed for jumps. A jump offset counts instructions from
//! the *next* one. Short jumps have their offset in `c` (signed 16 bits).
//!
//! # Registers
//! `R[n]` is a register of the running frame. In every frame `R[0]` is `this` and `R[1..]` are the parameters; then
//! come locals and temporaries, in the order of a stack. A call sets up a window in the caller's own registers:
//! `R[A]` the callee, `R[A+1]` its `this`, `R[A+2]…` the arguments, and the callee's `R[0]` *is* the caller's `R[A+1]`.
//!
//! # Counting
//! *Locals are counted, temporaries are not.* A register is a **local** while the code position lies in the range of an entry of
//! [`Proto::locals`](super::proto::Proto::locals) for it with `counted` set; it is a **temporary** otherwise.
//! - Every instruction that writes a register treats the register as dead: it never looks at what was there before.
//!   It leaves an uncounted temporary. `Own` turns a temporary into a local where it stands. Only `Set`, `SetOuter`, `FreshVar` and
//!   the arithmetic instructions with `SELF` write to a live local, and they give back the count of what they overwrite.
//! - A fresh value is on probation and lives at least to the end of the statement, so a temporary may hold it.
//! - A value dies by its count only at the end of a statement: that of the innermost one in execution when it fell to zero. So
//!   overwriting a reference in the running statement kills nothing that this statement can still read; only *calls* run other statements.
//!   A temporary that *borrows* (a property, an element, a captured or global variable, a call's result) and is read again after
//!   a later call, `New`, `SuperCall`, `Concat` … must be protected by `Protect` (counted until the statement ends). What a call
//!   itself uses (callee, receiver, arguments) is protected by the call, by the mask in its operand C, when the callee can run
//!   statements. This is invariant I2.
//! - A local that is read in place as an operand must be copied by `Move` if a later operand of the same instruction assigns it.
//! - A load of an immediate (`LoadI`, `LoadUndefined`, `LoadHole` …) makes a local where the range of an entry of `locals` says so; it
//!   needs no `Own`. A local that certainly holds immediates only is written by plain instructions (no `Set`, no flags).
//! - The result of an arithmetic instruction never borrows: one that hands back an operand (`s + ""`, `+n`) protects it.
//! - `this` and parameters that are neither assigned nor captured borrow from the caller and are not in `locals` as counted.
//!   An assigned parameter is made a local by `Own` at entry; a captured one by `BoxParam`.
//!
//! # Scopes
//! A call's scope is pushed and popped by the call itself; it has depth 0. `PushScope` and `PopScope` bracket the other scopes
//! (blocks, iterations, catch, switch …) that can own something. The *depth* of a position is the number of `PushScope`s open there.
//! A statement ends with `Sweep` unless nothing in it can have left a value on probation or protected. An arithmetic instruction
//! with `OWN` or `SELF` alone needs no `Sweep`. Where only atoms can have been left (an exact integer, a string's character), the
//! next `Sweep`, `Drop`, `PopScope` or `Return` of the frame takes them; a loop has one in every turn.

/// Flags in `x` of the arithmetic instructions.
pub mod flag {
    /// The destination is a local that is dead before: count the result if it is a heap atom.
    pub const OWN: u8 = 1;
    /// The destination is a live local and the left operand as well (`a == b`). What it held is freed at once if its count falls
    /// to zero: only where no temporary can hold it too.
    pub const SELF: u8 = 2;
    /// Without `SELF`: the operands of a `MulK` change places (`2 * x`), which only an error message tells.
    pub const SWAPPED: u8 = 4;
    /// With `SELF`, `x >> OUTER_SHIFT` says how many scopes older than the current one the local's scope is (0: its own).
    pub const OUTER_SHIFT: u8 = 2;
}

macro_rules! opcodes {
    ($( $(#[doc = $doc:literal])* $name:ident $shape:ident; )*) => {
        /// An operation. The text of each is its definition.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Op { $( $(#[doc = $doc])* $name, )* }

        impl Op {
            pub const COUNT: usize = [$( stringify!($name) ),*].len();
            const ALL: [Op; Op::COUNT] = [$( Op::$name ),*];
            const NAMES: [&'static str; Op::COUNT] = [$( stringify!($name) ),*];
            const SHAPES: [Shape; Op::COUNT] = [$( Shape::$shape ),*];

            pub fn from_u8(byte: u8) -> Option<Op> {
                Op::ALL.get(byte as usize).copied()
            }

            pub fn name(self) -> &'static str {
                Op::NAMES[self as usize]
            }

            /// Which operands the operation has: drives the disassembler and the operand check.
            pub fn shape(self) -> Shape {
                Op::SHAPES[self as usize]
            }
        }
    };
}

/// The operands of an operation. `R` register, `K` constant, `I` signed immediate, `N` count or index, `J` jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// no operands
    O,
    /// a: register
    R,
    /// a, b: registers
    RR,
    /// a, b, c: registers
    RRR,
    /// a, b: registers; c: constant
    RRK,
    /// a, b: registers; c: signed immediate
    RRI,
    /// a, b: registers; c: index of an inline cache
    RRC,
    /// a, b: registers; c: plain number
    RRN,
    /// a: register; b: plain number
    RN,
    /// a: register; b, c: plain numbers
    RNN,
    /// a: register; bc: constant
    RK,
    /// a: register; bc: signed immediate
    RI,
    /// a: register; bc: plain number
    RW,
    /// bc: jump
    J,
    /// a: register; bc: jump
    RJ,
    /// a, b: registers; c: short jump; x: sense
    RRj,
    /// a: register; b: constant; c: short jump; x: sense
    RKj,
    /// a: register; b: signed immediate; c: short jump; x: sense
    RIj,
}

opcodes! {
    // ---- Loads -------------------------------------------------------------------------------------------
    /// `R[A] := R[B]`
    Move RR;
    /// `R[A] := constant BC` (number, string)
    LoadK RK;
    /// `R[A] := integer BC`
    LoadI RI;
    /// `R[A] := undefined`
    LoadUndefined R;
    /// `R[A] := null`
    LoadNull R;
    /// `R[A] := true`
    LoadTrue R;
    /// `R[A] := false`
    LoadFalse R;
    /// `R[A] :=` the mark "not initialised" (temporal dead zone)
    LoadHole R;
    /// `R[A] := builtin BC` (index into the list of built-in names given to the compiler)
    LoadBuiltin RW;
    /// `R[A] :=` the running function (the own name of a function expression)
    LoadSelf R;

    // ---- Locals ------------------------------------------------------------------------------------------
    /// The temporary `R[A]` becomes a local of the current scope: counts its value.
    Own R;
    /// `R[A] := R[B]`, where `R[A]` is a live local of the current scope.
    Set RR;
    /// `R[A] := R[B]`, where `R[A]` is a live local of the scope at depth C, older than the current one: up-scopes the value.
    SetOuter RRN;
    /// `R[A] := R[B]` and counts it: `Move` and `Own`, for a dead local of the current scope.
    Init RR;
    /// Counts the temporary `R[A]` until the end of the statement.
    Protect R;
    /// Unreferences the locals `R[A] … R[A+B-1]`, last first, and sweeps: the end of a block whose scope was left out.
    Drop RN;
    /// ReferenceError if `R[A]` is the mark "not initialised"; its name is in the note. x = 1: it is the `this` of a derived constructor
    CheckInit R;
    /// ReferenceError unless `R[A]` is the mark "not initialised": `super()` was called twice
    CheckSuper R;

    // ---- Captured variables: containers of kind `variable`, held by a counted local ------------------------
    /// `R[A] :=` a new variable, not initialised; the register becomes a local (counted). x = 1: it is left a temporary, on probation
    NewVar R;
    /// `R[A] :=` a new variable that holds what the parameter or temporary `R[A]` held; the register becomes a local.
    BoxParam R;
    /// `R[A] :=` a new variable with the value of the one that the live local `R[A]` holds: a fresh binding for the next iteration.
    FreshVar R;
    /// `R[A] :=` the value of the variable in `R[B]`; x = 1: ReferenceError if not initialised (name in the note)
    GetVar RR;
    /// The variable in `R[A]` takes `R[B]`; x = 1: ReferenceError if not initialised
    SetVar RR;
    /// `R[A] :=` the value of captured variable B of this closure; x = 1: checked
    GetUp RN;
    /// Captured variable B of this closure takes `R[A]`; x = 1: checked
    SetUp RN;
    /// `R[A] := global BC`; x = 1: checked, x = 2: a namespace as `this`, undefined if it is not ready
    GetGlobal RW;
    /// `global BC := R[A]`; x & 1: checked; x & 2: other modules see it, perhaps through a namespace object
    SetGlobal RW;

    // ---- Arithmetic: `x` has OWN or SELF -----------------------------------------------------------------
    /// `R[A] := R[B] + R[C]`
    Add RRR;
    /// As `Add`; the next instruction puts `R[A]` into a local. With plain numbers it is executed at once. Made by the linker only
    AddTo RRR;
    /// `R[A] := R[B] + K[C]`
    AddK RRK;
    /// As `AddK`, and as `AddTo`
    AddKTo RRK;
    /// `R[A] := R[B] + C`
    AddI RRI;
    /// As `AddI`; the next instruction is a `JumpLt`, `JumpLtI` or `JumpLtK` on `R[A]`, which is executed at once when it compares integers. Made by the linker only
    AddIJump RRI;
    /// `R[A] := R[B] - R[C]`
    Sub RRR;
    /// As `Sub`; the next instruction puts `R[A]` into a local. With plain numbers it is executed at once. Made by the linker only
    SubTo RRR;
    /// `R[A] := R[B] - K[C]`
    SubK RRK;
    /// As `SubK`, and as `SubTo`
    SubKTo RRK;
    /// `R[A] := R[B] * R[C]`
    Mul RRR;
    /// As `Mul`; the next instruction puts `R[A]` into a local. With plain numbers it is executed at once. Made by the linker only
    MulTo RRR;
    /// `R[A] := R[B] * K[C]`
    MulK RRK;
    /// As `MulK`, and as `MulTo`
    MulKTo RRK;
    /// `R[A] := R[B] / R[C]`
    Div RRR;
    /// As `Div`; the next instruction puts `R[A]` into a local. With plain numbers it is executed at once. Made by the linker only
    DivTo RRR;
    /// `R[A] := R[B] / K[C]`
    DivK RRK;
    /// As `DivK`, and as `DivTo`
    DivKTo RRK;
    /// `R[A] := R[B] % R[C]`
    Rem RRR;
    /// As `Rem`; the next instruction puts `R[A]` into a local. With plain numbers it is executed at once. Made by the linker only
    RemTo RRR;
    /// `R[A] := R[B] % K[C]`
    RemK RRK;
    /// As `RemK`, and as `RemTo`
    RemKTo RRK;
    /// `R[A] := R[B] ** R[C]`
    Pow RRR;
    /// `R[A] := R[B] & R[C]`
    BitAnd RRR;
    /// `R[A] := R[B] & K[C]`
    BitAndK RRK;
    /// `R[A] := R[B] | R[C]`
    BitOr RRR;
    /// `R[A] := R[B] | K[C]`
    BitOrK RRK;
    /// `R[A] := R[B] ^ R[C]`
    BitXor RRR;
    /// `R[A] := R[B] ^ K[C]`
    BitXorK RRK;
    /// `R[A] := R[B] << R[C]`
    Shl RRR;
    /// `R[A] := R[B] << K[C]`
    ShlK RRK;
    /// `R[A] := R[B] >> R[C]`
    Shr RRR;
    /// `R[A] := R[B] >> K[C]`
    ShrK RRK;
    /// `R[A] := R[B] >>> R[C]`
    UShr RRR;
    /// `R[A] := R[B] >>> K[C]`
    UShrK RRK;
    /// `R[A] := -R[B]`
    Neg RR;
    /// `R[A] := +R[B]` (a number stays, anything else is a TypeError)
    Plus RR;
    /// `R[A] := ~R[B]`
    BitNot RR;

    // ---- Tests -------------------------------------------------------------------------------------------
    /// `R[A] := !R[B]`
    Not RR;
    /// `R[A] := typeof R[B]`
    Typeof RR;
    /// `R[A] := R[B] === R[C]`
    Eq RRR;
    /// `R[A] := R[B] !== R[C]`
    Ne RRR;
    /// `R[A] := R[B] < R[C]`
    Lt RRR;
    /// `R[A] := R[B] <= R[C]`
    Le RRR;
    /// `R[A] := R[B] in R[C]`
    In RRR;
    /// `R[A] := R[B] instanceof R[C]`
    InstanceOf RRR;
    /// `R[A] := #name in R[B]`, the private name in `R[C]`
    HasPrivate RRR;

    // ---- Jumps -------------------------------------------------------------------------------------------
    /// `pc += BC`
    Jump J;
    /// if `R[A]` is truthy, `pc += BC`
    JumpTrue RJ;
    /// if `R[A]` is falsy, `pc += BC`
    JumpFalse RJ;
    /// if `R[A]` is null or undefined, `pc += BC`
    JumpNullish RJ;
    /// if `R[A]` is neither null nor undefined, `pc += BC`
    JumpNotNullish RJ;
    /// if `R[A]` is not undefined, `pc += BC`
    JumpDefined RJ;
    /// if `(R[A] === R[B]) == x`, `pc += C`
    JumpEq RRj;
    /// if `(R[A] === K[B]) == x`, `pc += C`
    JumpEqK RKj;
    /// if `(R[A] === immediate B) == x`, `pc += C`; B: 0 undefined, 1 null, 2 false, 3 true
    JumpIs RIj;
    /// if `(R[A] < R[B]) == x`, `pc += C`
    JumpLt RRj;
    /// if `(R[A] <= R[B]) == x`, `pc += C`
    JumpLe RRj;
    /// if `(R[A] < integer B) == x`, `pc += C`
    JumpLtI RIj;
    /// if `(R[A] <= integer B) == x`, `pc += C`
    JumpLeI RIj;
    /// if `(R[A] > integer B) == x`, `pc += C`
    JumpGtI RIj;
    /// if `(R[A] >= integer B) == x`, `pc += C`
    JumpGeI RIj;
    /// if `(R[A] < K[B]) == x`, `pc += C`
    JumpLtK RKj;
    /// if `(R[A] <= K[B]) == x`, `pc += C`
    JumpLeK RKj;
    /// if `(R[A] > K[B]) == x`, `pc += C`
    JumpGtK RKj;
    /// if `(R[A] >= K[B]) == x`, `pc += C`
    JumpGeK RKj;

    // ---- Objects and arrays ------------------------------------------------------------------------------
    /// `R[A] :=` a new object with the keys of template BC ([`Proto::templates`](super::proto::Proto::templates)), each undefined
    NewObject RW;
    /// slot C of the new object `R[A]` takes `R[B]` (only after `NewObject` with that template)
    InitSlot RRN;
    /// `R[A] :=` a new array with room for BC elements
    NewArray RW;
    /// appends `R[B] … R[B+C-1]` to the array `R[A]`
    Append RRN;
    /// appends all that the iterable `R[B]` yields to the array `R[A]` (spread)
    AppendAll RR;
    /// own property `R[B]` (a key: string or number, checked) of the new object `R[A]` is defined as `R[C]` (literals with computed or repeated keys). x = 1: the key names the function `R[C]`
    Define RRR;
    /// own enumerable properties of `R[B]` are copied into the object `R[A]` (spread; null and undefined give none)
    CopyProps RR;
    /// `R[A] :=` a new object with the own properties of `R[B]` except the C keys in `R[A+1] …` (object rest pattern)
    RestProps RRN;
    /// `R[A] := R[B].key`; the key is in inline cache C
    GetProp RRC;
    /// `R[A].key := R[B]`; the key is in inline cache C
    SetProp RRC;
    /// `R[A] := R[B][R[C]]`
    GetIndex RRR;
    /// `R[A][R[B]] := R[C]`
    SetIndex RRR;
    /// `R[A] := R[B][integer C]`, C ≥ 0
    GetIndexI RRN;
    /// `R[A] := delete R[B][R[C]]` (the key may be any string or number constant in a register)
    Delete RRR;
    /// TypeError unless `R[A]` can be destructured as an object (not null or undefined)
    CheckObject R;

    // ---- Functions and calls -----------------------------------------------------------------------------
    /// `R[A] :=` a closure of function BC ([`Proto::functions`](super::proto::Proto::functions)). It inherits the home class of the running function
    Closure RW;
    /// `R[A] :=` a closure of function C whose home is the class `R[B]` (static initialisers and blocks)
    HomeClosure RRN;
    /// `R[A] :=` the method `R[B].key` (key in inline cache C), `R[A+1] := R[B]`; B may equal A or A + 1. Protects the function if it is taken from an own property (a class's methods cannot change)
    GetMethod RRC;
    /// `R[A] := R[B][R[C]]`, `R[A+1] := R[B]`; A and A + 1 may equal C or B. Protects as `GetMethod`
    GetMethodIndex RRR;
    /// Calls `R[A]` with `this` = `R[A+1]` and B arguments from `R[A+2]`; the result goes to `R[A]`. x = 1: a plain call (set `R[A+1]` to undefined first).
    /// C: bit n is set if `R[A+n]` borrows (0 the callee, 1 the receiver; operands beyond bit 15 need `Protect`)
    Call RNN;
    /// Calls `R[A]` with `this` = `R[A+1]` and the elements of the array `R[A+2]` as arguments; the result goes to `R[A]`. x = 1: plain call. C as in `Call`
    CallSpread RNN;
    /// `R[A] := new R[A](…)` with B arguments from `R[A+2]`; C as in `Call`
    New RNN;
    /// `R[A] := new R[A](…)` with the elements of the array `R[A+2]`; C as in `Call`
    NewSpread RNN;
    /// returns `R[A]`; gives back all counted locals and pops the frame's open scopes down to and including depth 0
    Return R;
    /// returns undefined
    ReturnUndefined O;
    /// `R[A] :=` an array of the arguments from number B on (rest parameter); only as the first instructions of a function
    Rest RN;

    // ---- Classes -----------------------------------------------------------------------------------------
    /// `R[A] :=` a new class of template BC ([`Proto::classes`](super::proto::Proto::classes)), extending `R[A]` if x = 1 (TypeError if it is not a class), with its constructor, methods and captures made as closures
    NewClass RW;
    /// defines the method closure `R[C]` under the computed key `R[B]` on class `R[A]`, and names it; x = 1: static
    DefineMethod RRR;
    /// defines the own static property `R[B]` of class `R[A]` as `R[C]`
    DefineStatic RRR;
    /// defines the field `R[B]` of instance `R[A]` as `R[C]` (never a setter, never refused by an inherited name)
    DefineField RRR;
    /// defines the private field, of the private name in `R[B]`, of `R[A]` as `R[C]`; TypeError if it is there already
    DefinePrivate RRR;
    /// `R[A] :=` the private name B of the enclosing class that lies C classes outwards (0: the innermost). Found through the function's home class.
    PrivateName RNN;
    /// `R[A] := R[B].#name`, the name in `R[C]`; a private method is found too
    GetPrivate RRR;
    /// `R[A].#name := R[C]`, the name in `R[B]`; TypeError for a method
    SetPrivate RRR;
    /// `R[A] := super.key`, key in inline cache C, receiver `R[B]`. x = 1: it is called, and protected if it is a static property
    GetSuper RRC;
    /// `R[A] := super[R[C]]`, receiver `R[B]`; x as in `GetSuper`
    GetSuperIndex RRR;
    /// `super.key := …` writes to `this`: `R[A]` the key, `R[B]` this, `R[C]` the value
    SetSuper RRR;
    /// Calls the constructor of the parent class on the instance `R[A+1]`, with B arguments from `R[A+2]`, then runs the field initialisers of the running constructor's class on it. `R[A] :=` the instance. C as in `Call`
    SuperCall RNN;
    /// the same with the elements of the array `R[A+2]`
    SuperCallSpread RNN;
    /// Runs the field initialisers of the running constructor's own class on `R[A]` (first instruction of a base class constructor that has any)
    RunFields R;

    // ---- Iteration ---------------------------------------------------------------------------------------
    /// Starts to iterate over `R[B]`: `R[A]` becomes a counted local that holds the iterable, `R[A+1]` the position (a plain number). TypeError if it is not iterable. x = 1: `R[A]` is left a temporary, not counted (patterns)
    IterStart RR;
    /// The next value of the iteration in `R[A]`, `R[A+1]` goes to the temporary `R[B]`; at the end `pc += C`, and `R[B]` is undefined. After the end it stays at the end. x = 1: jumps while there is a value instead
    IterNext RRj;
    /// Starts `for…in` over `R[B]`: `R[A]` becomes a counted local that holds the object, `R[A+1]` one that holds the array of its keys, `R[A+2]` the position
    KeysStart RR;
    /// The next key that is still there goes to the temporary `R[B]`; at the end `pc += C`. x = 1: jumps while there is a key instead
    KeysNext RRj;

    // ---- Strings -----------------------------------------------------------------------------------------
    /// `R[A] :=` the C values `R[B] … R[B+C-1]` converted as template holes and joined. Protects them itself before it calls a `toString`
    Concat RRN;

    // ---- Scopes, statements, exceptions -------------------------------------------------------------------
    /// Pushes a scope; A: its kind, an index into [`ScopeKind`](super::proto::ScopeKind)
    PushScope RN;
    /// Unreferences the locals `R[A] … R[A+B-1]`, last first, and pops the scope
    PopScope RN;
    /// The end of a full expression: releases what is protected, and the values still on probation die
    Sweep O;
    /// The same at the end of the main program's last statement, whose value is kept: `R[A]` is the program's value
    Finish R;
    /// throws `R[A]`
    Throw R;
    /// throws a ReferenceError: the variable named in the note is not initialised. x = 1: `this` of a derived constructor
    ThrowTdz O;
    /// throws a TypeError with the text of constant BC
    ThrowType RK;
}

/// One instruction: eight bytes, each operand a field of its own, so that the loop reads an operand with one load from where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(8))]
pub struct Instr {
    op: u8,
    x: u8,
    a: u16,
    b: u16,
    c: u16,
}

impl Instr {
    pub fn abc(op: Op, x: u8, a: u16, b: u16, c: u16) -> Instr {
        Instr { op: op as u8, x, a, b, c }
    }

    pub fn abx(op: Op, x: u8, a: u16, bc: i32) -> Instr {
        Instr { op: op as u8, x, a, b: bc as u16, c: (bc >> 16) as u16 }
    }

    #[inline(always)]
    pub fn opcode(&self) -> u8 {
        self.op
    }

    pub fn op(&self) -> Op {
        Op::from_u8(self.opcode()).expect("instructions are made from `Op`s")
    }

    #[inline(always)]
    pub fn x(&self) -> u8 {
        self.x
    }

    #[inline(always)]
    pub fn a(&self) -> usize {
        self.a as usize
    }

    #[inline(always)]
    pub fn b(&self) -> usize {
        self.b as usize
    }

    #[inline(always)]
    pub fn c(&self) -> usize {
        self.c as usize
    }

    /// `bc`, signed.
    #[inline(always)]
    pub fn bc(&self) -> i32 {
        (self.b as u32 | (self.c as u32) << 16) as i32
    }

    /// `c`, signed: a short jump or an immediate.
    #[inline(always)]
    pub fn short(&self) -> i32 {
        self.c as i16 as i32
    }

    /// `b`, signed: an immediate.
    #[inline(always)]
    pub fn immediate(&self) -> i32 {
        self.b as i16 as i32
    }
}

//! Owns where a guest's first allocations lie: in memory that it has from the start. Most guests are gone
//! before that is full, and to let a memory grow costs a host more than all else that such a guest does.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};
use std::ptr;

/// Memory to begin with, and the system's allocator for what does not fit. What is freed in there is used
/// again if it lies last, or once nothing else is left.
struct FirstMemory<const BYTES: usize> {
    bytes: UnsafeCell<[u8; BYTES]>,
    used: Cell<usize>,
    /// How many things lie in it.
    count: Cell<usize>,
}

#[cfg(all(
    feature = "allocator",
    target_family = "wasm",
    target_os = "unknown",
    not(target_feature = "atomics")
))]
#[global_allocator]
static MEMORY: FirstMemory<{ 64 << 10 }> = FirstMemory::new();

#[allow(unsafe_code, reason = "a guest has one thread")]
unsafe impl<const BYTES: usize> Sync for FirstMemory<BYTES> {}

impl<const BYTES: usize> FirstMemory<BYTES> {
    #[allow(dead_code, reason = "elsewhere than in a guest, only tests have one")]
    const fn new() -> Self {
        Self { bytes: UnsafeCell::new([0; BYTES]), used: Cell::new(0), count: Cell::new(0) }
    }

    fn begin(&self) -> *mut u8 {
        self.bytes.get().cast()
    }

    /// Returns where something lies in it, if it does.
    fn position(&self, pointer: *mut u8) -> Option<usize> {
        let position = pointer.addr().checked_sub(self.begin().addr())?;
        (position < BYTES).then_some(position)
    }

    /// Takes what is free from a position on, if that is enough.
    fn take(&self, position: usize, size: usize) -> bool {
        let end = position.checked_add(size).filter(|&end| end <= BYTES);
        end.inspect(|&end| self.used.set(end)).is_some()
    }
}

// Whatever is given out lies between the beginning and `used`, at a place of its own: `used` moves back only
// over what lies last, when that is freed, or when nothing is left.
#[allow(unsafe_code, reason = "it is what an allocator is made of")]
unsafe impl<const BYTES: usize> GlobalAlloc for FirstMemory<BYTES> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (begin, align) = (self.begin().addr(), layout.align());
        let position = (begin + self.used.get()).next_multiple_of(align) - begin;
        // Nothing may lie at the end, where something of others may begin.
        if layout.size() > 0 && self.take(position, layout.size()) {
            self.count.set(self.count.get() + 1);
            return unsafe { self.begin().add(position) };
        }
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let Some(position) = self.position(pointer) else {
            return unsafe { System.dealloc(pointer, layout) };
        };
        let left = self.count.get() - 1;
        self.count.set(left);
        if left == 0 {
            self.used.set(0);
        } else if position + layout.size() == self.used.get() {
            self.used.set(position);
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(position) = self.position(pointer) else {
            return unsafe { System.realloc(pointer, layout, size) };
        };
        let is_last = position + layout.size() == self.used.get();
        if size <= layout.size() && !is_last || is_last && self.take(position, size) {
            return pointer;
        }
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                ptr::copy_nonoverlapping(pointer, moved, layout.size().min(size));
                self.dealloc(pointer, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
#[allow(unsafe_code, reason = "it is what an allocator is tested with")]
mod tests {
    use super::*;

    /// Something allocated, filled with a byte of its own.
    struct Block {
        pointer: *mut u8,
        layout: Layout,
        content: u8,
    }

    impl Block {
        fn check(&self, size: usize) {
            assert!(self.pointer.addr().is_multiple_of(self.layout.align()));
            let bytes = unsafe { std::slice::from_raw_parts(self.pointer, size) };
            assert!(bytes.iter().all(|&byte| byte == self.content), "somebody else wrote to it");
        }

        fn fill(&self) {
            unsafe { self.pointer.write_bytes(self.content, self.layout.size()) };
        }
    }

    struct Dice(u64);

    impl Dice {
        fn below(&mut self, bound: usize) -> usize {
            // A xorshift generator.
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % bound as u64) as usize
        }
    }

    #[test]
    fn nobody_gets_what_another_has() {
        let seed = u64::from(std::process::id()) + 1;
        println!("seed {seed}");
        let (mut dice, memory) = (Dice(seed), FirstMemory::<2_000>::new());
        let (mut blocks, mut inside): (Vec<Block>, usize) = (Vec::new(), 0);
        for step in 0..20_000 {
            let content = step as u8;
            match dice.below(3) {
                0 if !blocks.is_empty() => {
                    // Mostly the last, so that its place is used again.
                    let last = blocks.len() - 1;
                    let at = if dice.below(4) == 0 { dice.below(blocks.len()) } else { last };
                    let block = blocks.remove(at);
                    block.check(block.layout.size());
                    unsafe { memory.dealloc(block.pointer, block.layout) };
                }
                1 if !blocks.is_empty() => {
                    let (at, size) = (dice.below(blocks.len()), 1 + dice.below(200));
                    let block = &mut blocks[at];
                    let (pointer, layout) = (block.pointer, block.layout);
                    block.pointer = unsafe { memory.realloc(pointer, layout, size) };
                    block.layout = Layout::from_size_align(size, layout.align()).unwrap();
                    block.check(layout.size().min(size));
                    block.content = content;
                    block.fill();
                }
                _ => {
                    let size = if dice.below(50) == 0 { 5_000 } else { 1 + dice.below(100) };
                    let layout = Layout::from_size_align(size, 1 << dice.below(7)).unwrap();
                    let pointer = unsafe { memory.alloc(layout) };
                    let block = Block { pointer, layout, content };
                    block.fill();
                    inside += usize::from(memory.position(pointer).is_some());
                    blocks.push(block);
                }
            }
            if blocks.len() > 60 {
                for block in blocks.drain(..) {
                    block.check(block.layout.size());
                    unsafe { memory.dealloc(block.pointer, block.layout) };
                }
            }
        }
        assert!(inside > 1_000, "only {inside} were in the memory to begin with");
        blocks.iter().for_each(|block| unsafe { memory.dealloc(block.pointer, block.layout) });
    }

    #[test]
    fn what_lies_last_grows_where_it_is() {
        let memory = FirstMemory::<100>::new();
        let layout = |size| Layout::from_size_align(size, 1).unwrap();
        unsafe {
            let first = memory.alloc(layout(10));
            assert_eq!(memory.realloc(first, layout(10), 90), first);
            // What does not fit goes elsewhere, with what is in it, and leaves its place.
            first.write_bytes(7, 90);
            let moved = memory.realloc(first, layout(90), 200);
            assert!(memory.position(moved).is_none());
            assert_eq!(std::slice::from_raw_parts(moved, 90), [7; 90]);
            assert_eq!(memory.alloc(layout(100)), first);
            memory.dealloc(moved, layout(200));
        }
    }
}

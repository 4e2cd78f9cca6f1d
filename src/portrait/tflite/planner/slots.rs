//! Assigns the same buffer to tensors that are never needed at the same time.

use super::{Draft, Planner};
use crate::Error;
use crate::graph::MOST_VALUES_IN_ALL;
use crate::plan::Work;

impl Planner<'_> {
    /// Returns the slot of each root tensor and the sizes of the slots.
    pub(super) fn share(
        &self,
        input: usize,
        drafts: &[Draft],
    ) -> Result<(Vec<usize>, Vec<usize>), Error> {
        const FOREVER: usize = usize::MAX;
        let mut last = vec![0; self.graph.tensors.len()];
        for (index, draft) in drafts.iter().enumerate() {
            for tensor in draft.reads().chain([draft.output]) {
                last[self.root[tensor]] = index;
            }
        }
        for tensor in self.graph.outputs.iter().chain([&input]) {
            last[self.root[*tensor]] = FOREVER;
        }
        let mut shared = Shared {
            slot_of: vec![0; self.graph.tensors.len()],
            sizes: Vec::new(),
            free: Vec::new(),
        };
        shared.give(self.root[input], self.tensor(input).len);
        for (index, draft) in drafts.iter().enumerate() {
            let (output, len) = (self.root[draft.output], self.tensor(draft.output).len);
            let base = self.root[draft.inputs[0]];
            let read_once = draft
                .reads()
                .filter(|read| self.root[*read] == base)
                .count()
                == 1;
            let in_place = matches!(draft.work, Work::Copy) && last[base] == index && read_once;
            if in_place {
                shared.slot_of[output] = shared.slot_of[base];
            } else {
                shared.give(output, len);
            }
            let mut ended: Vec<usize> = draft
                .reads()
                .filter(|read| self.tensor(*read).constant.is_none())
                .chain([draft.output])
                .map(|tensor| self.root[tensor])
                .filter(|root| last[*root] == index && !(in_place && *root == base))
                .collect();
            ended.sort_unstable();
            ended.dedup();
            shared
                .free
                .extend(ended.into_iter().map(|root| shared.slot_of[root]));
        }
        let all = shared
            .sizes
            .iter()
            .try_fold(0usize, |sum, size| sum.checked_add(*size));
        if all.is_none_or(|all| all > MOST_VALUES_IN_ALL) {
            return Err(Error::TooLarge("its values need too much memory"));
        }
        Ok((shared.slot_of, shared.sizes))
    }
}

struct Shared {
    slot_of: Vec<usize>,
    sizes: Vec<usize>,
    free: Vec<usize>,
}

impl Shared {
    /// Assigns a free slot that is large enough. Otherwise it enlarges the largest free one or adds a new one.
    fn give(&mut self, root: usize, len: usize) {
        let large_enough = (0..self.free.len())
            .filter(|at| self.sizes[self.free[*at]] >= len)
            .min_by_key(|at| self.sizes[self.free[*at]]);
        let largest = (0..self.free.len()).max_by_key(|at| self.sizes[self.free[*at]]);
        let slot = match large_enough.or(largest) {
            Some(at) => self.free.swap_remove(at),
            None => {
                self.sizes.push(0);
                self.sizes.len() - 1
            }
        };
        self.sizes[slot] = self.sizes[slot].max(len);
        self.slot_of[root] = slot;
    }
}

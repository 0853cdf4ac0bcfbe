//! "Did you mean": the nearest of some names.

/// The candidate that is nearest to a name that nothing has, if one is near enough: a third of its characters may differ,
/// at least one, never all. A difference is a character inserted, removed, replaced, or swapped with its neighbour; of two
/// that are equally near, the first in alphabetical order. O(candidates × length²).
pub fn similar<'n>(name: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let length = name.chars().count();
    if length > LONGEST {
        return None;
    }
    let limit = (length / 3).max(1);
    let near = |candidate: &'n str| {
        let count = candidate.chars().count();
        // The distance is no less than the difference of the lengths.
        if count.abs_diff(length) > limit || candidate == name {
            return None;
        }
        let distance = strsim::damerau_levenshtein(name, candidate);
        (distance <= limit && distance < count.min(length)).then_some((distance, candidate))
    };
    candidates.into_iter().filter_map(near).min().map(|(_, candidate)| candidate)
}

/// Longer names are no typing mistakes, and their distances would take long.
const LONGEST: usize = 100;

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn the_nearest_wins_and_the_far_do_not_count() {
        assert_eq!(similar("lenght", ["size", "length", "at"]), Some("length"));
        assert_eq!(similar("sqroot", ["sqrt", "cbrt", "round"]), Some("sqrt"));
        assert_eq!(similar("lg", ["log", "error"]), Some("log"));
        assert_eq!(similar("b", ["a", "c", "be"]), None, "a letter says too little");
        assert_eq!(similar("ab", ["cb", "aa"]), Some("aa"), "of two equally near ones the first");
        assert_eq!(similar("map", ["map"]), None, "a name is not similar to itself");
        assert_eq!(similar(&"x".repeat(1000), ["y"]), None);
    }
}

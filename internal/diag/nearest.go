package diag

import "strings"

// Nearest returns the most likely candidate for a misspelt word: the one with the smallest edit distance,
// ignoring case, if that is small for the word's length; else the only candidate that begins with the word;
// else "".
func Nearest(word string, candidates []string) string {
	if near := nearer(word, candidates, len(word)/3+2); near != "" {
		return near
	}
	begun := ""
	for _, candidate := range candidates {
		if len(word) < 3 || len(candidate) < len(word) || !strings.EqualFold(candidate[:len(word)], word) {
			continue
		}
		if begun != "" {
			return ""
		}
		begun = candidate
	}
	return begun
}

// Slip finds the candidate that differs from a word by at most two letters. It is for places where other
// words are legal, too, so that a larger difference isn't proof of a misspelling.
func Slip(word string, candidates []string) string { return nearer(word, candidates, 3) }

// nearer finds the candidate with the smallest distance below a limit.
func nearer(word string, candidates []string, limit int) string {
	best, bestDistance := "", limit
	for _, candidate := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(candidate), bestDistance); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// distance returns the optimal string alignment distance, or limit if the distance isn't below it.
func distance(a, b string, limit int) int {
	if abs(len(a)-len(b)) >= limit {
		return limit
	}
	var rows [3][64]int // on the stack for almost all words
	before, previous, current := rows[0][:], rows[1][:], rows[2][:]
	if len(b) >= len(rows[0]) {
		before, previous, current = make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	}
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		low := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
			low = min(low, current[j])
		}
		if low >= limit {
			return limit
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

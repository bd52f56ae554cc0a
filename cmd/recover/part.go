package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"recover/pkg/report"
)

// partFlags say which part of a record is worked on.
type partFlags struct{ part, index string }

func (f *partFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.part, "part", "", "")
	fs.StringVar(&f.index, "part-index", "", "")
}

// parse returns the part. Each flag takes only what it can mean: 0/5 is an error
// for --part, and 5/5 for --part-index, so that no part is done in the place of
// another one without a word.
func (f *partFlags) parse() (report.Part, error) {
	if f.index == "" {
		return parsePart(f.part)
	}
	if f.part != "" {
		return report.Part{}, &usageError{"--part and --part-index are both given", "give one of them: --part counts from 1, and --part-index from 0"}
	}
	n, of, ok := report.SplitPart(f.index)
	switch {
	case !ok:
		return report.Part{}, &usageError{"--part-index is not a part such as 0/5", "of five parts, the first is --part-index 0/5, and the last --part-index 4/5"}
	case n < 0 || n >= of:
		return report.Part{}, &usageError{fmt.Sprintf("--part-index counts from 0, and has no %d/%d", n, of),
			fmt.Sprintf("the last part is --part-index %d/%d; --part counts from 1", of-1, of)}
	}
	return report.Part{N: n + 1, Of: of}, nil
}

// parsePart reads --part; the empty text is the whole.
func parsePart(text string) (report.Part, error) {
	p, ok := report.ParsePart(text)
	if ok {
		return p, nil
	}
	if n, of, ok := report.SplitPart(text); ok {
		return p, &usageError{fmt.Sprintf("--part counts from 1, and has no %d/%d", n, of),
			fmt.Sprintf("the first part is --part 1/%d, and the last --part %d/%d; --part-index counts from 0", of, of, of)}
	}
	return p, &usageError{"--part is not a part such as 2/5", "parts are counted from 1: of five, the first is --part 1/5, and the last --part 5/5"}
}

const partIndexUsage = `    --part-index 1/5           the same part, counted from 0 (0/5 to 4/5), as
                               Kubernetes counts the pods of a job
`

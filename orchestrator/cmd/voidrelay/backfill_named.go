package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// namedBills are the flags that name bills, by dates or by numbers.
type namedBills struct {
	request   orchestratorv1.StartRunRequest
	selection orchestratorv1.BackfillSelection
	from, to  string
	numbers   []string
	file      string
	limit     int
}

func (f *namedBills) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "",
		"起 bills with a create, modify, approve or cancel date from here on (Beijing time unless it names a zone)")
	flags.StringVar(&f.to, "to", "", "止 and before this; left out: until now")
	flags.StringSliceVar(&f.numbers, "numbers", nil, "单据编号 bill numbers, with commas between")
	flags.StringVar(&f.file, "numbers-file", "", "a file with a bill number on each line")
	flags.BoolVar(&f.selection.BeforeCutover, "before-cutover", false,
		"含启用时间之前 also what was voided before a cutover, or decided before sending was switched on")
	requestFlag(cmd, &f.request.RequestId)
	limitFlag(cmd, &f.limit)
	reasonFlag(cmd, &f.request.Reason)
}

// complete reads what flags cannot.
func (f *namedBills) complete(scheme string) error {
	f.request.Scheme, f.request.Kind = scheme, orchestratorv1.RunKind_RUN_KIND_BACKFILL
	f.request.Backfill = &f.selection
	ways := 0
	for _, given := range []bool{f.from != "" || f.to != "", len(f.numbers) > 0, f.file != ""} {
		if given {
			ways++
		}
	}
	if ways != 1 || f.to != "" && f.from == "" {
		return fmt.Errorf("%w: 请指定一种范围 say which bills, in one way: --from and --to, --numbers, or --numbers-file",
			errWrong)
	}
	if f.from != "" {
		return f.readRange()
	}
	if f.file != "" {
		text, err := os.ReadFile(f.file)
		if err != nil {
			return fmt.Errorf("%w: --numbers-file: %w", errWrong, err)
		}
		f.numbers = numbersIn(string(text))
		if len(f.numbers) == 0 {
			return fmt.Errorf("%w: --numbers-file: %s holds no number", errWrong, f.file)
		}
	}
	f.selection.Bills = &orchestratorv1.BackfillSelection_Numbers{
		Numbers: &orchestratorv1.NumberList{Numbers: f.numbers},
	}
	return nil
}

func (f *namedBills) readRange() error {
	span := &orchestratorv1.TimeRange{}
	if err := readTimes(f.from, &span.FromTime, f.to, &span.ToTime); err != nil {
		return err
	}
	f.selection.Bills = &orchestratorv1.BackfillSelection_Range{Range: span}
	return nil
}

// readTimes reads what --from and --to said; one that was not given stays absent.
func readTimes(from string, fromTime **timestamppb.Timestamp, to string, toTime **timestamppb.Timestamp) error {
	for _, end := range []struct {
		flag, text string
		into       **timestamppb.Timestamp
	}{{"--from", from, fromTime}, {"--to", to, toTime}} {
		if end.text == "" {
			continue
		}
		at, err := timeIn(end.flag, end.text)
		if err != nil {
			return err
		}
		*end.into = timestamppb.New(at)
	}
	return nil
}

// numbersIn are the lines of a file; those that are empty or begin with # are left out, and so is what Windows adds.
func numbersIn(text string) []string {
	var numbers []string
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			numbers = append(numbers, line)
		}
	}
	return numbers
}

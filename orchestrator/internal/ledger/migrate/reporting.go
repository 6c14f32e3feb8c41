package migrate

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// reporting holds a file for each view of the schema reporting: one "create or replace view", and its comments. The
// views are a contract: columns are added, never changed. Times are timestamptz; a "day" is a day in Beijing, where the
// users of both vendors are.
//
//go:embed reporting/*.sql reporting/function/*.sql
var reporting embed.FS

// reportView is one file of them.
type reportView struct {
	name, text, hash string
}

var (
	errViewCycle = errors.New("views that read each other in a circle")
	errNotOurs   = errors.New("stands there and was not made by voidrelay; rename it, then run `voidrelay migrate` " +
		"again; 该对象不是 voidrelay 建立的，请改名后再运行 voidrelay migrate")
)

// mentioned finds the views that the text of a view reads, and the view itself.
var mentioned = regexp.MustCompile(`\breporting\.([a-z_]+)`)

// readViews reads the files, and puts each view behind those that it reads.
func readViews(files fs.FS) ([]reportView, error) {
	paths, err := fs.Glob(files, "reporting/*.sql")
	if err != nil {
		return nil, err
	}
	texts := make(map[string]string, len(paths))
	for _, file := range paths {
		text, err := fs.ReadFile(files, file)
		if err != nil {
			return nil, err
		}
		texts[viewName(file)] = string(text)
	}
	var views []reportView
	placed := make(map[string]bool) // false while the views that it reads are being placed
	var place func(name string) error
	place = func(name string) error {
		done, begun := placed[name]
		switch {
		case done:
			return nil
		case begun:
			return fmt.Errorf("reporting.%s: %w", name, errViewCycle)
		}
		placed[name] = false
		for _, match := range mentioned.FindAllStringSubmatch(texts[name], -1) {
			if _, ours := texts[match[1]]; ours && match[1] != name {
				if err := place(match[1]); err != nil {
					return err
				}
			}
		}
		placed[name] = true
		hash := sha256.Sum256([]byte(texts[name] + columnTexts))
		views = append(views, reportView{name: name, text: texts[name], hash: hex.EncodeToString(hash[:])})
		return nil
	}
	for _, file := range paths {
		if err := place(viewName(file)); err != nil {
			return nil, err
		}
	}
	return views, nil
}

func viewName(file string) string { return strings.TrimSuffix(path.Base(file), ".sql") }

// makeViews makes the views as their files say, all in one transaction, and answers the names of those that it made. A
// view whose file has not changed is not touched. One that keeps its columns, and may have more, is replaced where it
// stands. Any other is dropped with those of ours that read it, and they are made anew with the grants that stood on
// them. A view whose file is gone is dropped. Where something that is not ours depends on what must be dropped, all
// views stay as they are.
func makeViews(ctx context.Context, pool *pgxpool.Pool, files fs.FS) ([]string, error) {
	views, err := readViews(files)
	if err != nil {
		return nil, fmt.Errorf("read views: %w", err)
	}
	var made []string
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		there, err := viewHashes(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, makeWords); err != nil {
			return fmt.Errorf("reporting.word_zh: %w", err)
		}
		m := viewMaker{tx: tx, there: there}
		for _, v := range views {
			if err := m.make(ctx, v); err != nil {
				return fmt.Errorf("reporting.%s: %w", v.name, err)
			}
		}
		if err := m.dropOthers(ctx, views); err != nil {
			return err
		}
		made = m.made
		if err := m.grantAgain(ctx); err != nil {
			return err
		}
		return makeFunctions(ctx, tx, files)
	})
	if err != nil {
		return nil, fmt.Errorf("make views: %w", err)
	}
	return made, nil
}

// makeFunctions makes the functions that read the views. Their bodies are text to Postgres, so that a view may be made
// anew below them.
func makeFunctions(ctx context.Context, tx pgx.Tx, files fs.FS) error {
	paths, err := fs.Glob(files, "reporting/function/*.sql")
	if err != nil {
		return err
	}
	for _, file := range paths {
		text, err := fs.ReadFile(files, file)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, string(text)); err != nil {
			return fmt.Errorf("reporting.%s: %w", viewName(file), err)
		}
	}
	return nil
}

// viewHashes answers what stands in the schema reporting: each view of ours with the hash of its file, and all else
// without one.
func viewHashes(ctx context.Context, q querier) (map[string]string, error) {
	rows, err := q.Query(ctx, `
select c.relname::text, coalesce(v.content_hash, '')
from pg_class c
left join voidrelay.reporting_view v on v.view = c.relname
where c.relnamespace = 'reporting'::regnamespace`)
	if err != nil {
		return nil, err
	}
	hashes := make(map[string]string)
	var name, hash string
	_, err = pgx.ForEachRow(rows, []any{&name, &hash}, func() error {
		hashes[name] = hash
		return nil
	})
	return hashes, err
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// viewsDiffer says whether some view in the database was made from another file than this program's, or is not there.
func viewsDiffer(ctx context.Context, pool *pgxpool.Pool, files fs.FS) (bool, error) {
	views, err := readViews(files)
	if err != nil {
		return false, err
	}
	there, err := viewHashes(ctx, pool)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(views, func(v reportView) bool { return there[v.name] != v.hash }), nil
}

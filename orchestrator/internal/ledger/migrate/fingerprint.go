package migrate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Until the first release migrations are edited in place, so that two builds may mean different tables by the same
// version. What was applied is therefore known by its text, too.

// errOtherBuild is for a ledger whose tables another build made under a version that this program knows, too.
var errOtherBuild = errors.New("the ledger was made by another build of voidrelay, whose tables are not those of " +
	"this program: run that build, or name a new, empty database in DATABASE_URL and run `voidrelay migrate`; if " +
	"nothing in this ledger is needed, `drop schema voidrelay, reporting cascade` empties it; 账本由另一版 voidrelay " +
	"建立，表结构与本程序不符：请使用那一版，或另建一个空库并运行 voidrelay migrate")

// errEncoding is for a database that cannot hold the texts of both vendors.
var errEncoding = errors.New("it cannot hold every text: make another one, `create database voidrelay encoding " +
	"'UTF8' template template0`, and name it in DATABASE_URL; 数据库编码存不下所有文字，请另建 UTF8 编码的库，并改 DATABASE_URL")

// checkEncoding refuses a database that is not in UTF8. One in SQL_ASCII keeps our bytes as they are: the note is a
// warning.
func checkEncoding(ctx context.Context, pool *pgxpool.Pool) (note string, err error) {
	var encoding string
	if err := pool.QueryRow(ctx, `select current_setting('server_encoding')`).Scan(&encoding); err != nil {
		return "", fmt.Errorf("ask for the encoding: %w", err)
	}
	switch encoding {
	case "UTF8":
		return "", nil
	case "SQL_ASCII":
		return "数据库编码是 SQL_ASCII，不检查文字；新建的库最好是 UTF8 the database is in SQL_ASCII, which checks no text; a new " +
			"one had better be UTF8", nil
	}
	return "", fmt.Errorf("the database is encoded in %s: %w", encoding, errEncoding)
}

// fingerprints are the SHA-256 of this program's migrations, by version.
func fingerprints() (map[int64]string, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	prints := make(map[int64]string, len(files))
	for _, file := range files {
		number, _, _ := strings.Cut(strings.TrimPrefix(file, "migrations/"), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", file, err)
		}
		text, err := migrations.ReadFile(file)
		if err != nil {
			return nil, err
		}
		hash := sha256.Sum256(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
		prints[version] = hex.EncodeToString(hash[:])
	}
	return prints, nil
}

// otherBuild says whether a migration that was applied up to this version has another text than this program's, or
// nobody wrote down which. It is for a database with a ledger.
func otherBuild(ctx context.Context, pool *pgxpool.Pool, applied int64) (bool, error) {
	ours, err := fingerprints()
	if err != nil {
		return false, err
	}
	var kept bool
	if err := pool.QueryRow(ctx, `select to_regclass($1) is not null`,
		ledger.Schema+".migration_text").Scan(&kept); err != nil {
		return false, err
	}
	theirs := make(map[int64]string)
	if kept {
		rows, err := pool.Query(ctx, `select version_id, fingerprint from `+ledger.Schema+`.migration_text`)
		if err != nil {
			return false, err
		}
		var version int64
		var sum string
		if _, err := pgx.ForEachRow(rows, []any{&version, &sum}, func() error {
			theirs[version] = sum
			return nil
		}); err != nil {
			return false, err
		}
	}
	for version, sum := range ours {
		if version <= applied && theirs[version] != sum {
			return true, nil
		}
	}
	return false, nil
}

// keepFingerprints writes down the texts of the migrations beyond this version before they are applied: whoever is
// killed in between has applied these and no others.
func keepFingerprints(ctx context.Context, pool *pgxpool.Pool, applied int64) error {
	ours, err := fingerprints()
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
create table if not exists `+ledger.Schema+`.migration_text (version_id bigint primary key, fingerprint text not null);
comment on table `+ledger.Schema+`.migration_text is 'SHA-256 of each migration that was applied or is about to be'`,
		); err != nil {
			return err
		}
		for version, sum := range ours {
			if version <= applied {
				continue
			}
			if _, err := tx.Exec(ctx, `
insert into `+ledger.Schema+`.migration_text (version_id, fingerprint) values ($1, $2)
on conflict (version_id) do update set fingerprint = excluded.fingerprint`, version, sum); err != nil {
				return err
			}
		}
		return nil
	})
}

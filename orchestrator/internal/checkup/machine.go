package checkup

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/internal/watched"
)

var (
	stateTitle  = say("状态目录", "State folder")
	memoryTitle = say("账本记忆", "Ledger memory")
	filesTitle  = say("文件权限", "File mode")
	certTitle   = say("证书期限", "Certificate")

	callersTitle = say("调用方", "Callers")

	adapterFilesTitle = say("适配器的文件", "Adapter's files")
)

// leastFree is how much room a state folder should have.
const leastFree = 1 << 30

// stateDirs looks at the folders that must survive.
func (r *run) stateDirs() []Finding {
	const id = "state_dir"
	if len(r.StateDirs) == 0 {
		return []Finding{skipped(id, stateTitle, say("本程序的状态都在数据库里", "all that this program keeps is in the database"))}
	}
	findings := make([]Finding, len(r.StateDirs))
	for i, dir := range r.StateDirs {
		findings[i] = stateDir("state_dir", stateTitle, dir).about(dir)
	}
	return findings
}

// memoryDir looks at the folder in which the orchestrator remembers the ledger.
func (r *run) memoryDir() Finding {
	const id = "memory"
	if r.MemoryDir == "" {
		return warning(id, memoryTitle,
			say("没有设置 STATE_DIR：账本若被恢复成旧备份，本机无从察觉",
				"STATE_DIR is not set: an older back-up in the ledger's place would not be noticed"),
			say("把 STATE_DIR 设为本机磁盘上的一个目录，每个 orchestrator 各用一个",
				"name a folder on this machine's disk in STATE_DIR, one for each orchestrator"))
	}
	return stateDir(id, memoryTitle, r.MemoryDir).about(r.MemoryDir)
}

func stateDir(id string, title Text, dir string) Finding {
	there, found := dir, say("可写", "writable")
	for {
		_, err := os.Stat(there)
		if err == nil {
			break
		}
		parent := filepath.Dir(there)
		if !errors.Is(err, fs.ErrNotExist) || parent == there {
			return failed(id, title, same(err.Error()), say("检查目录的权限", "check the folder's permissions"))
		}
		there, found = parent, say("还没有，首次启动时建立", "not there yet; the first start makes it")
	}
	place, err := placeOf(there)
	switch {
	case err != nil || !place.writable:
		return failed(id, title, say("%s 不可写", "%s cannot be written", there),
			say("把目录交给运行 voidrelay 的账号：chown 用户 %s", "give the folder to the account that voidrelay runs as: "+
				"chown USER %s", there))
	case place.memory:
		return warning(id, title, found.and(say("，但在内存文件系统（tmpfs）里，重启后就没有了",
			", but on tmpfs: gone when the machine restarts")),
			say("换到磁盘上的目录：从磁盘上的工作目录启动", "keep it on a disk: start from a working folder on one"))
	case place.free > 0 && place.free < leastFree:
		return warning(id, title, found.and(say("，只剩 %d MB", ", only %d MB left", place.free>>20)),
			say("清理磁盘", "make room on the disk"))
	}
	return ok(id, title, found)
}

// place is what the system says of a folder.
type place struct {
	writable bool
	// memory: what lies there is gone when the machine restarts.
	memory bool
	// free are the bytes that are left, 0 where it is not known.
	free uint64
}

// files looks who may read what holds secrets.
func (r *run) files() []Finding {
	const id = "files"
	var findings []Finding
	for _, file := range r.Files {
		info, err := os.Stat(file.Path)
		switch {
		case err != nil:
			// The settings were read from it a moment ago.
			findings = append(findings, failed(id, filesTitle, same(err.Error()),
				say("核对 %s", "check %s", file.Setting)).about(file.Setting))
		case othersRead(info):
			findings = append(findings, warning(id, filesTitle, say("%s（%s）别人可读", "%s (%s) can be read by others",
				file.Path, info.Mode().Perm()), same("chmod 600 "+file.Path)).about(file.Setting))
		}
	}
	if len(findings) > 0 {
		return findings
	}
	return []Finding{ok(id, filesTitle, say("检查了 %d 个，只有本账号可读", "%d looked at, readable by this account only",
		len(r.Files)))}
}

// tokenSoon is how long before its last day a token wants its next one.
const tokenSoon = 14 * 24 * time.Hour

// callers looks whose token has ended, or does within days.
func (r *run) callers() []Finding {
	const id, setting = "callers", "AUTH_CALLERS_FILE"
	if len(r.Callers) == 0 {
		return nil
	}
	now := time.Now()
	var findings []Finding
	for _, c := range r.Callers {
		day := c.Until.Format(time.DateOnly)
		advice := say("重新发放：voidrelay token create，再用 token revoke 删去旧的",
			"give out another by voidrelay token create, and take this one out by token revoke")
		switch {
		case c.Expired(now):
			findings = append(findings, warning(id, callersTitle, say("%[1]s 的令牌已于 %[2]s 之后失效",
				"the token of %[1]s has ended: its last day was %[2]s", c.Name, day), advice).about(setting))
		case !c.Until.IsZero() && c.Until.Sub(now) < tokenSoon:
			findings = append(findings, warning(id, callersTitle, say("%[1]s 的令牌只到 %[2]s",
				"the last day of the token of %[1]s is %[2]s", c.Name, day), advice).about(setting))
		}
	}
	if len(findings) > 0 {
		return findings
	}
	return []Finding{ok(id, callersTitle, say("%d 个", "%d", len(r.Callers))).about(setting)}
}

// soon is how long before its end a certificate wants its next one.
const soon = 30 * 24 * time.Hour

// certificates looks when those in the files of settings end.
func (r *run) certificates() []Finding {
	const id = "certificate"
	var findings []Finding
	for _, c := range r.Certificates {
		day, left := c.End.Format(time.DateOnly), time.Until(c.End)
		advice := say("换上新证书，运行中的服务自动采用", "put the next one in its place; running services take it by themselves")
		f := ok(id, certTitle, say("有效至 %s", "good until %s", day))
		switch {
		case c.Err != nil:
			f = failed(id, certTitle, same(c.Err.Error()), say("核对 %s", "check %s", c.Setting))
		case left < 0:
			f = failed(id, certTitle, say("%s 已到期", "ended on %s", day), advice)
		case left < soon:
			f = warning(id, certTitle, say("%s 到期", "ends on %s", day), advice)
		}
		findings = append(findings, f.about(c.Setting))
	}
	return findings
}

// beijing is the zone of times that people read.
var beijing = time.FixedZone("Asia/Shanghai", 8*60*60)

// adapterTime bounds the question what is the matter with an adapter's files.
const adapterTime = 5 * time.Second

// adapterFiles tells what running adapters say of the files that their settings name.
func (r *run) adapterFiles(ctx context.Context) []Finding {
	const id = "adapter.files"
	var findings []Finding
	for _, name := range slices.Sorted(maps.Keys(r.AdapterFiles)) {
		within, cancel := context.WithTimeout(ctx, adapterTime)
		told, err := r.AdapterFiles[name](within)
		cancel()
		if err != nil {
			continue
		}
		if len(told) == 0 {
			findings = append(findings, ok(id, adapterFilesTitle, say("没有问题", "nothing is the matter")).about(name))
		}
		for _, f := range told {
			setting := name + " " + f.Setting
			if f.Kind == watched.Ending && f.End != nil {
				findings = append(findings, warning(id, adapterFilesTitle,
					say("证书 %s 到期", "a certificate ends on %s", f.End.Format(time.DateOnly)),
					say("在 %s 的主机上换上新证书，运行中的服务自动采用", "put the next one in its place on the host of %s, "+
						"which takes it by itself", name)).about(setting))
				continue
			}
			findings = append(findings, failed(id, adapterFilesTitle,
				say("文件自 %s 起不可用，沿用之前读到的内容", "the file cannot be used since %s; what was read before stays in force",
					f.Since.In(beijing).Format(time.DateTime)),
				say("改正 %[2]s 指定的文件，原因见 %[1]s 的日志", "correct the file of %[2]s; the log of %[1]s says what is wrong",
					name, f.Setting)).about(setting))
		}
	}
	return findings
}

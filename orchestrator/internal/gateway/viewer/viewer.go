// Package viewer shows the OpenAPI document as a page. It is Swagger UI as its makers publish it, under the Apache
// License 2.0, pinned in tools/web; nothing of it comes from another host, and the page may reach none. The page says
// nothing of this installation: it asks for the document as any caller does.
package viewer

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
)

//go:embed page.html page.js files/swagger-ui-bundle.js files/swagger-ui.css
var content embed.FS

// policy lets the page load what is ours and reach us, and nobody else. The styles within elements are Swagger UI's.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"connect-src 'self'; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Path is where the page is, and below it what it needs.
const Path = "/docs"

var files = map[string]string{
	Path:                           "page.html",
	Path + "/page.js":              "page.js",
	Path + "/swagger-ui-bundle.js": "files/swagger-ui-bundle.js",
	Path + "/swagger-ui.css":       "files/swagger-ui.css",
}

// Has says whether a path is the page's.
func Has(name string) bool { return files[name] != "" }

// ServeHTTP answers GET and HEAD of what the page consists of.
func ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := fs.ReadFile(content, files[r.URL.Path])
	if err != nil {
		http.NotFound(w, r)
		return
	}
	kinds := map[string]string{".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
	header := w.Header()
	header.Set("Content-Type", kinds[path.Ext(files[r.URL.Path])]+"; charset=utf-8")
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-cache")
	_, _ = w.Write(text)
}

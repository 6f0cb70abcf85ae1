package webchat

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"strings"
)

//go:embed widget page
var files embed.FS

// The files of the page element. The script is written in several files, each
// with its subject, and served as one.
var (
	script = newAsset("text/javascript; charset=utf-8", "(function () {\n\"use strict\";\n", "})();\n",
		"widget/texts.js", "widget/memory.js", "widget/link.js", "widget/outbox.js", "widget/danger.js", "widget/view.js", "widget/relais-chat.js")
	style = newAsset("text/css; charset=utf-8", "", "", "widget/relais-chat.css")
)

// asset is a file that any page may load, plain and compressed.
type asset struct {
	kind, etag    string
	plain, packed []byte
}

func newAsset(kind, before, after string, names ...string) *asset {
	var all bytes.Buffer
	all.WriteString(before)
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			panic("webchat: " + err.Error()) // embedded above
		}
		all.Write(data)
	}
	all.WriteString(after)
	sum := sha256.Sum256(all.Bytes())
	return &asset{
		kind: kind, etag: `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
		plain: all.Bytes(), packed: pack(all.Bytes()),
	}
}

func pack(data []byte) []byte {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic("webchat: " + err.Error()) // the level is known, memory takes all
	}
	return packed.Bytes()
}

func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", a.kind)
	header.Set("Cache-Control", "public, max-age=300")
	header.Set("Vary", "Accept-Encoding")
	header.Set("ETag", a.etag)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if r.Header.Get("If-None-Match") == a.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		w.Write(a.packed)
		return
	}
	w.Write(a.plain)
}

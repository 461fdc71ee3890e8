package dossier

import (
	"context"

	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/upload"
)

// FilesOwner is whose the dossier's files are on the shelf.
func (d *Dossier) FilesOwner() string { return "dossier/" + d.ID }

// file finds a file that one of the papers lists, or an answer that waits to be
// looked at.
func (d *Dossier) file(id string) (upload.File, bool) {
	all := d.Papers
	if s := d.Answered(); s != nil {
		for _, a := range s.Answers {
			all = append(all[:len(all):len(all)], Paper{Files: a.Files})
		}
	}
	for _, p := range all {
		for _, f := range p.Files {
			if f.ID == id {
				return f, true
			}
		}
	}
	return upload.File{}, false
}

// OpenFile lets an officer who sees the dossier open one of its files; the view
// is journaled. owner and file are what the shelf opens it by (rel-I-P4).
func (r *Register) OpenFile(ctx context.Context, ref, id string, by officer.By) (owner string, file upload.File, err error) {
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		d, err := seen(tx, ref, by)
		if err != nil {
			return err
		}
		var ok bool
		if file, ok = d.file(id); !ok {
			return problem.New(problem.NotFound, "upload.err.unknown")
		}
		owner = d.FilesOwner()
		return look(tx, &d, by, "open_file", file.Code())
	})
	return owner, file, err
}

// OpenFiles is OpenFile for all files of the n-th paper, counted from 0.
func (r *Register) OpenFiles(ctx context.Context, ref string, n int, by officer.By) (owner string, files []upload.File, err error) {
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		d, err := seen(tx, ref, by)
		if err != nil {
			return err
		}
		if n < 0 || n >= len(d.Papers) || len(d.Papers[n].Files) == 0 {
			return problem.New(problem.NotFound, "upload.err.unknown")
		}
		owner, files = d.FilesOwner(), d.Papers[n].Files
		return look(tx, &d, by, "open_file", d.Papers[n].Name)
	})
	return owner, files, err
}

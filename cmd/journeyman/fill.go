package main

import (
	"errors"

	"journeyman.dev/internal/library"
)

// filled fills settings into files.
func (u *uploader) filled(files []library.File) ([]library.File, error) {
	if u.settings == "" {
		return files, nil
	}
	return nil, errors.New("--settings isn't there yet")
}

// settingsFile is the file of FILE[:ENVIRONMENT].
func settingsFile(setting string) (file, environment string) { return setting, "" }

package upload

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"

	"quay20/internal/problem"
)

const (
	pixelsMost = 50 << 20 // of a photograph, judged before it is decoded
	sideMost   = 3000     // of what is kept: an A4 sheet at some 250 points an inch
	quality    = 85
)

// photograph makes a picture anew: as it was held, no larger than needed, and
// without what cameras write beside it (place, owner, machine).
func photograph(body []byte, kind string) (Looked, error) {
	config, decode := jpeg.DecodeConfig, jpeg.Decode
	if kind == "png" {
		config, decode = png.DecodeConfig, png.Decode
	}
	c, err := config(bytes.NewReader(body))
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return Looked{}, broken(err)
	}
	if c.Width > pixelsMost/c.Height/weight(c.ColorModel) {
		return Looked{}, problem.New(problem.Invalid, "upload.err.pixels", "width", c.Width, "height", c.Height, "most", pixelsMost>>20)
	}
	picture, err := decode(bytes.NewReader(body))
	if err != nil {
		return Looked{}, broken(err)
	}
	turn := 1
	if kind == "jpeg" {
		turn = orientation(body)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, turned(shrunk(picture), turn), &jpeg.Options{Quality: quality}); err != nil {
		return Looked{}, fmt.Errorf("writing a photograph: %w", err)
	}
	return Looked{JPEG, 1, out.Bytes()}, nil
}

// broken is what cannot be read to its end.
func broken(err error) error {
	return fmt.Errorf("%w (%v)", problem.New(problem.Invalid, "upload.err.broken"), err)
}

// weight is how many times the memory of a common photograph a colour model
// needs.
func weight(m color.Model) int {
	switch m {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		return 2
	}
	return 1
}

// shrunk draws the picture on white, at most sideMost on a side.
func shrunk(p image.Image) *image.RGBA {
	from := p.Bounds()
	w, h := from.Dx(), from.Dy()
	if long := max(w, h); long > sideMost {
		w, h = max(1, w*sideMost/long), max(1, h*sideMost/long)
	}
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(to, to.Bounds(), image.White, image.Point{}, draw.Src)
	if w == from.Dx() && h == from.Dy() {
		draw.Draw(to, to.Bounds(), p, from.Min, draw.Over)
	} else {
		draw.BiLinear.Scale(to, to.Bounds(), p, from, draw.Over, nil)
	}
	return to
}

// turned applies an EXIF orientation, 1 to 8.
func turned(p *image.RGBA, orientation int) *image.RGBA {
	if orientation <= 1 || orientation > 8 {
		return p
	}
	w, h := p.Rect.Dx(), p.Rect.Dy()
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		to = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range to.Rect.Dy() {
		for x := range to.Rect.Dx() {
			fx, fy := x, y
			switch orientation {
			case 2:
				fx = w - 1 - x
			case 3:
				fx, fy = w-1-x, h-1-y
			case 4:
				fy = h - 1 - y
			case 5:
				fx, fy = y, x
			case 6:
				fx, fy = y, h-1-x
			case 7:
				fx, fy = w-1-y, h-1-x
			case 8:
				fx, fy = w-1-y, x
			}
			to.SetRGBA(x, y, p.RGBAAt(fx, fy))
		}
	}
	return to
}

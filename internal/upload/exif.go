package upload

import (
	"bytes"
	"encoding/binary"
)

// orientation reads how a camera was held from a JPEG's EXIF segment: 1 is
// upright, as is everything that cannot be read.
func orientation(jpeg []byte) int {
	for i := 2; i+4 <= len(jpeg) && jpeg[i] == 0xff; {
		marker, size := jpeg[i+1], int(binary.BigEndian.Uint16(jpeg[i+2:]))
		if marker == 0xff { // a fill byte
			i++
			continue
		}
		if marker == 0xda || size < 2 || i+2+size > len(jpeg) { // the picture begins, or nonsense
			return 1
		}
		if segment := jpeg[i+4 : i+2+size]; marker == 0xe1 && bytes.HasPrefix(segment, []byte("Exif\x00\x00")) {
			return tagOrientation(segment[6:])
		}
		i += 2 + size
	}
	return 1
}

// tagOrientation finds tag 0x0112 in the first directory of a TIFF block.
func tagOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if tiff[0] == 'M' {
		order = binary.BigEndian
	}
	at := int(order.Uint32(tiff[4:]))
	if at < 8 || at+2 > len(tiff) {
		return 1
	}
	entries := int(order.Uint16(tiff[at:]))
	for e := at + 2; entries > 0 && e+12 <= len(tiff); e, entries = e+12, entries-1 {
		if order.Uint16(tiff[e:]) == 0x0112 {
			if n := int(order.Uint16(tiff[e+8:])); n >= 1 && n <= 8 {
				return n
			}
			return 1
		}
	}
	return 1
}

package testmodel

import (
	"bytes"
	"encoding/binary"
	"math"
)

// The numbers of the GGUF format, version 3.
const (
	ggufVersion   = 3
	ggufAlignment = 32

	kindUint32  = 4
	kindInt32   = 5
	kindFloat32 = 6
	kindBool    = 7
	kindString  = 8
	kindArray   = 9

	tensorF32 = 0
	tensorQ8  = 8 // blocks of 32 signed bytes with one half-precision scale
)

// ggufFile collects metadata and tensors in the order in which they are written.
type ggufFile struct {
	meta      bytes.Buffer
	metaCount uint64
	infos     bytes.Buffer
	data      bytes.Buffer
	tensors   uint64
}

func (f *ggufFile) key(name string, kind uint32) {
	writeString(&f.meta, name)
	writeUint32(&f.meta, kind)
	f.metaCount++
}

func (f *ggufFile) uint32(name string, value uint32) {
	f.key(name, kindUint32)
	writeUint32(&f.meta, value)
}

func (f *ggufFile) float32(name string, value float32) {
	f.key(name, kindFloat32)
	writeUint32(&f.meta, math.Float32bits(value))
}

func (f *ggufFile) bool(name string, value bool) {
	f.key(name, kindBool)
	if value {
		f.meta.WriteByte(1)
	} else {
		f.meta.WriteByte(0)
	}
}

func (f *ggufFile) string(name, value string) {
	f.key(name, kindString)
	writeString(&f.meta, value)
}

func (f *ggufFile) strings(name string, values []string) {
	f.key(name, kindArray)
	writeUint32(&f.meta, kindString)
	writeUint64(&f.meta, uint64(len(values)))
	for _, value := range values {
		writeString(&f.meta, value)
	}
}

func (f *ggufFile) int32s(name string, values []int32) {
	f.key(name, kindArray)
	writeUint32(&f.meta, kindInt32)
	writeUint64(&f.meta, uint64(len(values)))
	for _, value := range values {
		writeUint32(&f.meta, uint32(value))
	}
}

// tensor adds rows of the same length, as full floats or in blocks of bytes. The format counts a row's length first.
func (f *ggufFile) tensor(name string, kind uint32, rows [][]float32) {
	writeString(&f.infos, name)
	dims := []uint64{uint64(len(rows[0]))}
	if len(rows) > 1 {
		dims = append(dims, uint64(len(rows)))
	}
	writeUint32(&f.infos, uint32(len(dims)))
	for _, dim := range dims {
		writeUint64(&f.infos, dim)
	}
	writeUint32(&f.infos, kind)
	writeUint64(&f.infos, uint64(f.data.Len()))
	for _, row := range rows {
		if kind == tensorQ8 {
			writeQ8(&f.data, row)
			continue
		}
		for _, value := range row {
			writeUint32(&f.data, math.Float32bits(value))
		}
	}
	pad(&f.data)
	f.tensors++
}

// bytes returns the whole file.
func (f *ggufFile) bytes() []byte {
	var out bytes.Buffer
	out.WriteString("GGUF")
	writeUint32(&out, ggufVersion)
	writeUint64(&out, f.tensors)
	writeUint64(&out, f.metaCount)
	out.Write(f.meta.Bytes())
	out.Write(f.infos.Bytes())
	pad(&out)
	out.Write(f.data.Bytes())
	return out.Bytes()
}

// writeQ8 writes a row, whose length must be a multiple of 32, in blocks of bytes.
func writeQ8(out *bytes.Buffer, row []float32) {
	for len(row) > 0 {
		block := row[:32]
		row = row[32:]
		var largest float32
		for _, value := range block {
			largest = max(largest, value, -value)
		}
		scale := largest / 127
		out.Write(binary.LittleEndian.AppendUint16(nil, halfFloat(scale)))
		for _, value := range block {
			var q int8
			if scale > 0 {
				q = int8(math.Round(float64(value / scale)))
			}
			out.WriteByte(byte(q))
		}
	}
}

// halfFloat converts a number that is 0 or between 2^-14 and 65504 to half precision, rounded to nearest.
func halfFloat(value float32) uint16 {
	if value == 0 {
		return 0
	}
	bits := math.Float32bits(value)
	// The exponent's bias is 127 in single and 15 in half precision; a carry out of the mantissa raises it rightly.
	return uint16((bits + 1<<12 - 112<<23) >> 13)
}

func pad(out *bytes.Buffer) {
	for out.Len()%ggufAlignment != 0 {
		out.WriteByte(0)
	}
}

func writeString(out *bytes.Buffer, s string) {
	writeUint64(out, uint64(len(s)))
	out.WriteString(s)
}

func writeUint32(out *bytes.Buffer, v uint32) {
	out.Write(binary.LittleEndian.AppendUint32(nil, v))
}

func writeUint64(out *bytes.Buffer, v uint64) {
	out.Write(binary.LittleEndian.AppendUint64(nil, v))
}

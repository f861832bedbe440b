using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace ModelTool.Embed;

/// <summary>Writes vectors to a file that is there whole or not at all.</summary>
internal static class VectorFile
{
    private const int Alignment = 64;

    /// <summary><c>.jsonl</c>: {"id": ..., "vector": [...]} a line. <c>.npy</c>: NumPy's array of float32, [rows, width].</summary>
    /// <returns>Writes the rows and says how many they were.</returns>
    /// <exception cref="ToolException">The name ends otherwise.</exception>
    public static Func<FileStream, IEnumerable<Embedded>, int> WriterFor(string path, int width) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".JSONL" => WriteLines,
        ".NPY" => (stream, rows) => WriteArray(stream, rows, width),
        _ => throw new ToolException($"--out {path} must end in .jsonl or .npy."),
    };

    private static int WriteLines(FileStream stream, IEnumerable<Embedded> rows)
    {
        using var json = new Utf8JsonWriter(stream);
        var count = 0;
        foreach (var (row, vector) in rows)
        {
            json.Reset();
            json.WriteStartObject();
            json.WriteString("id", row.Id);
            json.WriteStartArray("vector");
            foreach (var value in vector)
            {
                json.WriteNumberValue(value);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.Flush();
            stream.WriteByte((byte)'\n');
            count++;
        }

        return count;
    }

    /// <summary>Format 1.0 of numpy.lib.format: magic, version, length of the header, a Python literal padded with spaces, then the rows.</summary>
    private static int WriteArray(FileStream stream, IEnumerable<Embedded> rows, int width)
    {
        stream.Write(Header(int.MaxValue, width)); // as long as any that may take its place
        var count = 0;
        foreach (var (_, vector) in rows)
        {
            stream.Write(MemoryMarshal.AsBytes(vector.AsSpan())); // '<f4': every machine .NET runs on is little-endian
            count++;
        }

        stream.Position = 0;
        stream.Write(Header(count, width));
        stream.Position = stream.Length;
        return count;
    }

    private static byte[] Header(int rows, int width)
    {
        var text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {width}), }}";
        var padded = text.PadRight((2 * Alignment) - 10 - 1) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)padded.Length, 0, .. Encoding.ASCII.GetBytes(padded)];
    }
}

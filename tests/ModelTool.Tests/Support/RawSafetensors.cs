using System.Buffers.Binary;
using System.Text;

namespace ModelTool.Tests.Support;

/// <summary>Safetensors files byte by byte, wrong ones too.</summary>
internal static class RawSafetensors
{
    public static byte[] Of(string header, params byte[] data) => Of(Encoding.UTF8.GetBytes(header), data);

    public static byte[] Of(byte[] header, byte[] data)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. data];
    }

    public static string Tensor(string name, string type, string shape, long begin, long end) =>
        $$"""
        "{{name}}": {"dtype": "{{type}}", "shape": {{shape}}, "data_offsets": [{{begin}}, {{end}}]}
        """;
}

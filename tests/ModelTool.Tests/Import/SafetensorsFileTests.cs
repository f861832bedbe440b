using System.Runtime.InteropServices;
using ModelTool.Import;
using ModelTool.Tests.Support;

namespace ModelTool.Tests.Import;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Fact]
    public void Floats_ShouldBeExact_WhenTheyAreHalves()
    {
        Half[] halves = [(Half)1, (Half)(-0.5), Half.MaxValue, Half.Epsilon, Half.NegativeZero];
        using var file = Open(RawSafetensors.Of("{" + RawSafetensors.Tensor("w", "F16", "[5, 1]", 0, 10) + "}", MemoryMarshal.AsBytes<Half>(halves).ToArray()));

        Assert.Equal([1f, -0.5f, 65504f, 5.9604645e-8f, -0f], file.Floats("w"));
        Assert.Equal([5, 1], file.Tensors["w"].Shape);
    }

    [Fact]
    public void Floats_ShouldBeExact_WhenTheyAreBrainFloats()
    {
        // 1, -2, the smallest subnormal, infinity.
        using var file = Open(RawSafetensors.Of("{" + RawSafetensors.Tensor("w", "BF16", "[4]", 0, 8) + "}", 0x80, 0x3f, 0x00, 0xc0, 0x01, 0x00, 0x80, 0x7f));

        Assert.Equal([1f, -2f, 9.18355e-41f, float.PositiveInfinity], file.Floats("w"));
    }

    [Fact]
    public void Floats_ShouldFindTensors_InAnyOrderAndWithMetadata()
    {
        var header = "{\"__metadata__\": {\"format\": \"pt\"}, " + RawSafetensors.Tensor("b", "F32", "[]", 4, 8) + ", " + RawSafetensors.Tensor("a", "F32", "[1]", 0, 4)
            + ", " + RawSafetensors.Tensor("none", "F32", "[0, 3]", 4, 4) + "}   ";
        using var file = Open(RawSafetensors.Of(header, MemoryMarshal.AsBytes<float>([1.5f, 2.5f]).ToArray()));

        Assert.Equal((1.5f, 2.5f, 0), (file.Floats("a")[0], file.Floats("b")[0], file.Floats("none").Length));
    }

    [Fact]
    public void Integers_ShouldReadI64_AndNothingElse()
    {
        var header = "{" + RawSafetensors.Tensor("i", "I64", "[2]", 0, 16) + "}";
        using var file = Open(RawSafetensors.Of(header, MemoryMarshal.AsBytes<long>([-100L, 7]).ToArray()));

        Assert.Equal([-100L, 7], file.Integers("i"));
        Assert.Equal($"Tensor 'i' in {file.Path} is I64; F32, F16 and BF16 can be read as numbers.", Assert.Throws<ToolException>(() => file.Floats("i")).Message);
        Assert.Equal($"{file.Path} has no tensor 'j'.", Assert.Throws<ToolException>(() => file.Floats("j")).Message);
    }

    [Fact]
    public void Write_ShouldGiveWhatIsReadBack_AcrossChunks()
    {
        float[] large = [.. Enumerable.Range(0, (1 << 20) + 3).Select(i => i * 0.25f)];
        var path = _folder.PathOf("w.safetensors");

        SafetensorsWriter.Write(path, [new("large", [large.Length, 1], () => large), new("small", [], () => [7f])]);

        using var file = SafetensorsFile.Open(path);
        Assert.Equal(large, file.Floats("large"));
        Assert.Equal([7f], file.Floats("small"));
        Assert.Equal(0, file.Tensors["large"].Offset % 8);
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Write_ShouldLeaveNothing_WhenItFails()
    {
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(_folder.PathOf("w.safetensors"), [new("w", [2], () => [7f])]));

        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    public static TheoryData<byte[], string> Damaged => new()
    {
        { [], "it is shorter than 8 bytes" },
        { [1, 2, 3], "it is shorter than 8 bytes" },
        { [255, 255, 255, 255, 255, 255, 255, 255, 1], "its header would have 18446744073709551615 bytes" },
        { [9, 0, 0, 0, 0, 0, 0, 0, 1], "its header would have 9 bytes" },
        { RawSafetensors.Of("not json"), "its header is not valid JSON" },
        { RawSafetensors.Of("[]"), "its header is no JSON object" },
        { RawSafetensors.Of(new string('[', 100)), "its header is not valid JSON" },
        { RawSafetensors.Of("{\"w\": 3}"), "tensor 'w' has no dtype that is known" },
        { RawSafetensors.Of("{\"\\ud800\": 3}"), "a name in its header is not valid Unicode" },
        { One("F33", "[1]", 0, 4), "tensor 'w' has no dtype that is known" },
        { One("F32", "[-1]", 0, 4), "tensor 'w' has no shape of whole numbers" },
        { One("F32", "[1.5]", 0, 4), "tensor 'w' has no shape of whole numbers" },
        { One("F32", "[\"1\"]", 0, 4), "tensor 'w' has no shape of whole numbers" },
        { One("F32", "[1]", 4, 0), "tensor 'w' has no data_offsets" },
        { One("F32", "[1]", -4, 0), "tensor 'w' has no data_offsets" },
        { One("F32", "[2]", 0, 4), "tensor 'w' of F32 [2] cannot have 4 bytes" },
        { One("F32", "[4611686018427387904, 4611686018427387904, 4611686018427387904]", 0, 4), "cannot have 4 bytes" },
        { One("F32", "[2305843009213693951]", 0, 9223372036854775804), "it was cut off" },
        { One("F32", "[2]", 0, 8), "tensor 'w' ends at byte" },
        { RawSafetensors.Of("{" + RawSafetensors.Tensor("w", "F32", "[1]", 4, 8) + "}", new byte[8]), "the data of tensor 'w' overlaps another's, or leaves a hole" },
        { RawSafetensors.Of("{" + RawSafetensors.Tensor("v", "F32", "[2]", 0, 8) + "," + RawSafetensors.Tensor("w", "F32", "[1]", 4, 8) + "}", new byte[8]), "tensor 'w' overlaps" },
        { RawSafetensors.Of("{" + RawSafetensors.Tensor("w", "F32", "[1]", 0, 4) + "," + RawSafetensors.Tensor("w", "F32", "[1]", 0, 4) + "}", new byte[4]), "'w'" },
        { RawSafetensors.Of("{" + RawSafetensors.Tensor("w", "F32", "[1]", 0, 4) + "}", new byte[5]), "its tensors end at byte" },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void Open_ShouldNameTheFileAndTheTensor_WhenItIsDamaged(byte[] content, string said)
    {
        var path = Write(content);

        var message = Assert.Throws<ToolException>(() => SafetensorsFile.Open(path)).Message;

        Assert.StartsWith($"{path} is no whole safetensors file: ", message, StringComparison.Ordinal);
        Assert.Contains(said, message, StringComparison.Ordinal);
        File.Delete(path); // not held open
    }

    [Fact]
    public void Open_ShouldSayHowToFetchIt_WhenOnlyThePlaceHolderIsThere()
    {
        var path = _folder.Write("w.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 90868376\n");

        Assert.EndsWith("git lfs pull'.", Assert.Throws<ToolException>(() => SafetensorsFile.Open(path)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] One(string type, string shape, long begin, long end) => RawSafetensors.Of("{" + RawSafetensors.Tensor("w", type, shape, begin, end) + "}", new byte[4]);

    private SafetensorsFile Open(byte[] content) => SafetensorsFile.Open(Write(content));

    private string Write(byte[] content)
    {
        var path = _folder.PathOf("w.safetensors");
        File.WriteAllBytes(path, content);
        return path;
    }
}

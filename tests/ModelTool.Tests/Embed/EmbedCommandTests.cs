using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using ModelTool.Tests.Support;

namespace ModelTool.Tests.Embed;

public sealed class EmbedCommandTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Theory]
    [InlineData("mean_normalised", "mean,normalise")]
    [InlineData("cls", "cls")]
    public void Embed_ShouldGiveTheReferenceVectors_InTheOrderOfTheTexts(string reference, string pooling)
    {
        var texts = Texts();
        var file = _folder.Write("texts.csv", "text,id\n" + string.Concat(texts.Select((text, i) => $"\"{text.Text.Replace("\"", "\"\"", StringComparison.Ordinal)}\",t{i}\n")));
        var output = _folder.PathOf("vectors.jsonl");

        Well("embed", Bundle(pooling), file, "--out", output);

        var lines = File.ReadLines(output).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(texts.Select((_, i) => $"t{i}"), lines.Select(line => (string)line["id"]!));
        Assert.All(texts.Zip(lines), pair => AssertNear(Floats(pair.First.Line[reference]!), Floats(pair.Second["vector"]!)));
    }

    [Fact]
    public void Embed_ShouldWriteAnArray_ThatNumpyReads()
    {
        var output = _folder.PathOf("vectors.npy");
        var said = Well("embed", Bundle("mean,normalise"), _folder.Write("texts.txt", "a day\na night\n"), "--out", output);

        Assert.StartsWith($"{output}: 2 vectors of 32 numbers", said, StringComparison.Ordinal);
        var bytes = File.ReadAllBytes(output);
        Assert.Equal([0x93, .. "NUMPY"u8, 1, 0, 118, 0], bytes[..10]);
        Assert.Equal("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 32), }", Encoding.ASCII.GetString(bytes, 10, 118).TrimEnd());
        Assert.Equal((byte)'\n', bytes[127]);
        var vectors = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(128)).ToArray();
        Assert.Equal(2 * 32, vectors.Length);
        Assert.Equal(1, vectors[..32].Sum(value => value * value), 1e-5f);
    }

    [Fact]
    public void Embed_ShouldPrintTheMostSimilarPairs_ATextBesideItselfLeftOut()
    {
        var file = _folder.Write("texts.txt", "the film was good\nwar and peace\nthe film was good\nthe film was great\n");

        var lines = Well("embed", Bundle("mean,normalise"), file, "--nearest", "3").Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(line => line.Split('\n')).ToList();

        Assert.Equal(6, lines.Count);
        Assert.EndsWith("  1: the film was good", lines[0], StringComparison.Ordinal);
        Assert.Equal("       4: the film was great", lines[1]);
        Assert.DoesNotContain("3: the film was good", string.Join('\n', lines[..1]), StringComparison.Ordinal);
        double[] cosines = [.. lines.Where((_, i) => i % 2 == 0).Select(line => double.Parse(line[..5], System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(cosines.OrderDescending(), cosines);
        Assert.InRange(cosines[0], -1, 0.9999);
    }

    [Fact]
    public void Embed_ShouldTakeTheHeadThatIsNamed_BesideHeadsOfOtherKinds()
    {
        var bundle = Bundle("mean,normalise", "--head", "hate=softmax:not_hate,hate", "--head", "first=embedding:cls");
        var file = _folder.Write("texts.txt", "a day\n");

        Assert.EndsWith("choose one of sentence, first with --head.", Tool.Fault("embed", bundle, file, "--nearest", "1"), StringComparison.Ordinal);
        Assert.Contains("--head hate is no embedding head", Tool.Fault("embed", bundle, file, "--nearest", "1", "--head", "hate"), StringComparison.Ordinal);
        Well("embed", bundle, file, "--out", _folder.PathOf("v.jsonl"), "--head", "first");
    }

    [Theory]
    [InlineData("t.txt", "one\n\ntwo\n", "line 2 has no text")]
    [InlineData("t.csv", "id,text\n1,one\n2, \n", "line 3 has no text")]
    [InlineData("t.csv", "id,body\n1,one\n", "needs a header line with a column 'text'")]
    [InlineData("t.csv", "id,text\n1,\"one\n", "is not valid CSV")]
    public void Embed_ShouldNameTheLine_AndLeaveNothing_WhenATextIsMissing(string name, string content, string said)
    {
        var bundle = Bundle("mean,normalise");
        var before = Directory.GetFileSystemEntries(_folder.Path).Length;

        Assert.Contains(said, Tool.Fault("embed", bundle, _folder.Write(name, content), "--out", _folder.PathOf("v.npy")), StringComparison.Ordinal);

        Assert.Equal(before + 1, Directory.GetFileSystemEntries(_folder.Path).Length); // the texts
    }

    [Fact]
    public void Embed_ShouldRefuseBadUtf8()
    {
        var file = _folder.PathOf("t.txt");
        File.WriteAllBytes(file, [(byte)'a', (byte)'\n', 0xC3, (byte)'\n']);

        Assert.Contains("line 2 is not valid UTF-8", Tool.Fault("embed", Bundle("mean,normalise"), file, "--nearest", "1"), StringComparison.Ordinal);
    }

    [Fact]
    public void Embed_ShouldSayWhatToGive_WhenItIsAskedForNothing()
    {
        var (bundle, file) = (Bundle("mean,normalise"), _folder.Write("t.txt", "one\n"));

        Assert.StartsWith("Say what to make: ", Tool.Fault("embed", bundle, file), StringComparison.Ordinal);
        Assert.EndsWith("must end in .jsonl or .npy.", Tool.Fault("embed", bundle, file, "--out", _folder.PathOf("v.csv")), StringComparison.Ordinal);
    }

    [Fact]
    public void Embed_ShouldSayHowToImport_WhenTheBundleHasNoEmbedding()
    {
        Well("import", Repository.TinyBert("model.safetensors"), "--out", _folder.PathOf("bundle"), "--head", "hate=softmax:not_hate,hate");

        Assert.EndsWith(
            "has no embedding head: import its checkpoint with --head sentence=embedding:mean,normalise.",
            Tool.Fault("embed", _folder.PathOf("bundle"), _folder.Write("t.txt", "one\n"), "--nearest", "1"),
            StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static string Well(params string[] args)
    {
        var (code, output, error) = Tool.Run(args);
        Assert.Equal((0, ""), (code, error));
        return output;
    }

    private static List<(string Text, JsonNode Line)> Texts() =>
    [
        .. File.ReadLines(Repository.TinyBert("forward.jsonl"))
            .Select(line => JsonNode.Parse(line)!)
            .Where(line => !string.IsNullOrWhiteSpace((string?)line["text"]))
            .Select(line => ((string)line["text"]!, line)),
    ];

    private static float[] Floats(JsonNode numbers) => [.. numbers.AsArray().Select(number => (float)number!)];

    private static void AssertNear(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    private string Bundle(string pooling, params string[] heads)
    {
        Well(["import", Repository.TinyBert("model.safetensors"), "--out", _folder.PathOf("bundle"), "--max-tokens", "64", "--head", $"sentence=embedding:{pooling}", .. heads]);
        return _folder.PathOf("bundle");
    }
}

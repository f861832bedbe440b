using System.Globalization;
using ModelTool.Graph;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Import;

/// <summary>Encoders by name; their sizes are those of the models published under these names.</summary>
internal static class EncoderShapes
{
    private const int LargestTensor = int.MaxValue / sizeof(float);

    private static readonly Dictionary<string, (int Layers, int Hidden, int Heads, int Intermediate)> Known = new(StringComparer.Ordinal)
    {
        ["bert-tiny"] = (2, 128, 2, 512),
        ["bert-mini"] = (4, 256, 4, 1024),
        ["bert-small"] = (4, 512, 8, 2048),
        ["bert-medium"] = (8, 512, 8, 2048),
        ["bert-base"] = (12, 768, 12, 3072),
        ["bert-large"] = (24, 1024, 16, 4096),
        ["minilm-l6"] = (6, 384, 12, 1536),
        ["minilm-l12"] = (12, 384, 12, 1536),
    };

    public static string Names => string.Join(", ", Known.Keys);

    /// <param name="text">A name, or LAYERSxHIDDENxHEADSxINTERMEDIATE.</param>
    /// <param name="vocabulary">Entries of the vocabulary.</param>
    /// <exception cref="ToolException">It is neither.</exception>
    public static BertConfig Read(string text, int vocabulary)
    {
        if (!Known.TryGetValue(text, out var sizes))
        {
            var numbers = text.Split('x').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is > 0 and < 65_536 ? n : 0).ToList();
            if (numbers is not [var layers, var hidden, var heads, var intermediate] || numbers.Contains(0) || hidden % heads != 0)
            {
                throw new ToolException($"--shape {text} must be one of {Names}, or LAYERSxHIDDENxHEADSxINTERMEDIATE, HIDDEN a multiple of HEADS.");
            }

            sizes = (layers, hidden, heads, intermediate);
        }

        var rows = Math.Max(Math.Max(sizes.Hidden, sizes.Intermediate), vocabulary);
        if ((long)rows * sizes.Hidden > LargestTensor)
        {
            throw new ToolException($"--shape {text} needs a tensor of {rows} by {sizes.Hidden}, which is more than the {LargestTensor} weights that an ONNX tensor of 2 GiB holds.");
        }

        return new BertConfig(new EncoderManifest(sizes.Layers, sizes.Hidden, sizes.Heads, sizes.Intermediate, vocabulary, Positions: 512), Segments: 2, Epsilon: 1e-12f);
    }
}

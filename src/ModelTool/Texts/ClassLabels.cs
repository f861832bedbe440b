using System.Globalization;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Texts;

/// <summary>Labels of a whole sentence, from one of its columns.</summary>
internal static class ClassLabels
{
    private static readonly char[] Separators = [' ', ',', ';', '|'];

    /// <param name="kind">Softmax: the cell has a label or its index. Sigmoid: all labels that apply, or - for none.</param>
    /// <returns>Softmax: the label's index, or -1 where it is missing. Sigmoid: 1, 0 or -1 a label.</returns>
    /// <exception cref="ToolException">The head does not have the label.</exception>
    public static short[] Read(HeadKind kind, IReadOnlyList<string> labels, Sentence sentence, string column, string file)
    {
        var cell = sentence.Column(column) ?? "";
        if (kind == HeadKind.Softmax)
        {
            return [cell.Length == 0 ? (short)-1 : Index(cell)];
        }

        var truth = new short[labels.Count];
        truth.AsSpan().Fill((short)(cell.Length == 0 ? -1 : 0));
        foreach (var name in cell == "-" ? [] : cell.Split(Separators, StringSplitOptions.RemoveEmptyEntries))
        {
            truth[Index(name)] = 1;
        }

        return truth;

        short Index(string name)
        {
            for (var i = 0; i < labels.Count; i++)
            {
                if (labels[i] == name)
                {
                    return (short)i;
                }
            }

            return short.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < labels.Count
                ? index
                : throw ConllFile.Fault(file, sentence.Line, $"the comment '{column}' before it holds a label that the head does not have; it has {string.Join(", ", labels)}");
        }
    }
}

using ModelTool.Texts;

namespace ModelTool.Tests.Texts;

public sealed class BioLabelsTests
{
    private static readonly BioLabels Labels = new(["O", "B-x", "I-x", "B-y"]);

    // What seqeval.metrics.sequence_labeling.get_entities gives in its default mode.
    [Theory]
    [InlineData("B-x I-x O B-y", "x 0-1, y 3-3")]
    [InlineData("B-x B-x I-x", "x 0-0, x 1-2")]
    [InlineData("I-x I-x O", "x 0-1")]
    [InlineData("B-x I-y I-y", "x 0-0, y 1-2")]
    [InlineData("I-x O I-x", "x 0-0, x 2-2")]
    [InlineData("O O", "")]
    public void Entities_ShouldBeginOneAtABAndAtAnIOfAnotherType(string tags, string entities) =>
        Assert.Equal(entities, string.Join(", ", BioLabels.Entities(tags.Split(' ')).Select(entity => $"{entity.Type} {entity.First}-{entity.Last}")));

    [Fact]
    public void Choose_ShouldTakeTheFirstPiecesLabel_AndOWhereThereIsNone()
    {
        float[] logits = [9, 0, 0, 0, /* word 0 */ 0, 2, 1, 0, /* its second piece */ 9, 0, 0, 0, /* word 1 */ 0, 0, 3, 0];

        Assert.Equal(["B-x", "I-x", "O"], Labels.Choose(logits, [1, 3, -1]));
    }

    [Theory]
    [InlineData("B-x I-x", "needs the labels O, B-type and I-type for each type of entity")]
    [InlineData("O NOUN", "needs the labels O, B-type and I-type for each type of entity")]
    [InlineData("O I-x", "has the label I-x and not B-x")]
    [InlineData("O B-x", null)]
    public void Fault_ShouldSayWhatIsMissing(string labels, string? fault) => Assert.Equal(fault, BioLabels.Fault(labels.Split(' ')));

    [Fact]
    public void IndicesOf_ShouldNameTheLine_WhenTheHeadDoesNotHaveATag()
    {
        var sentence = new Sentence(7, ["a", "b"], ["O", "B-z"], new Dictionary<string, string>());

        var error = Assert.Throws<ToolException>(() => Labels.IndicesOf(sentence, "a.conll"));
        Assert.Equal("a.conll, line 8: the head does not have the tag B-z; it has O, B-x, I-x, B-y.", error.Message);
    }
}

using ModelTool.Texts;

namespace ModelTool.Tests.Texts;

public sealed class EntityQualityTests
{
    [Fact]
    public void Of_ShouldCountExactEntities_AsSeqevalsExampleDoes()
    {
        // The example of seqeval's README, whose classification_report says: MISC 0, 0, 0 of 1; PER 1, 1, 1 of 1; micro average 0.5.
        var quality = Of(
            ("O O O B-MISC I-MISC I-MISC O", "O O B-MISC I-MISC I-MISC I-MISC O"),
            ("B-PER I-PER O", "B-PER I-PER O"));

        Assert.Equal(new EntityCounts(2, 2, 1), quality.All);
        Assert.Equal((0.5, 0.5, 0.5), (quality.All.Precision, quality.All.Recall, quality.All.F1));
        Assert.Equal((0.0, 1.0), (quality.Types["MISC"].F1, quality.Types["PER"].F1));
        Assert.Equal((2, 1, 0.5), (quality.Sentences, quality.Right, quality.MacroF1));
    }

    [Fact]
    public void Of_ShouldNotTakeTheRightWordsForTheRightType()
    {
        var quality = Of(("B-PER O", "B-MISC O"));

        Assert.Equal((new EntityCounts(1, 0, 0), new EntityCounts(0, 1, 0)), (quality.Types["PER"], quality.Types["MISC"]));
        Assert.Null(quality.Types["PER"].Precision);
        Assert.Null(quality.Types["MISC"].Recall);
    }

    [Fact]
    public void Of_ShouldLeaveFiguresOpen_WhenThereIsNoEntity()
    {
        var quality = Of(("O O", "O O"));

        Assert.Equal((null, null, 1), (quality.All.F1, quality.MacroF1, quality.Right));
    }

    private static EntityQuality Of(params (string Truth, string Found)[] sentences) => EntityQuality.Of(
        [.. sentences.Select(tags => new FoundEntities(
            new Sentence(1, [], [], new Dictionary<string, string>()), BioLabels.Entities(tags.Truth.Split(' ')), BioLabels.Entities(tags.Found.Split(' ')), 0))],
        new BioLabels(["O", "B-PER", "I-PER", "B-MISC", "I-MISC"]));
}

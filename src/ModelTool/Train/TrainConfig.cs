using System.Text.Json.Serialization;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;
using YamlDotNet.Serialization;

namespace ModelTool.Train;

/// <summary>What <c>modeltool train</c> reads from its YAML file; names there are in snake_case. Relative paths start at the file's folder, those of <c>--set</c> at the current one.</summary>
internal sealed record TrainConfig
{
    public const string Cpu = "cpu";
    public const string Cuda = "cuda";
    public const string CpuGraph = "cpu-graph";

    /// <summary>Folder of the checkpoint to start from: config.json, vocab.txt, model.safetensors, perhaps tokenizer_config.json. Heads it lacks start at random.</summary>
    public string Checkpoint { get; init; } = "";

    /// <summary>Folder for checkpoints, metrics and the trained model; made if it is not there.</summary>
    public string Output { get; init; } = "";

    public DataConfig Data { get; init; } = new();

    /// <summary>By name, in the order of the logits.</summary>
    public Dictionary<string, HeadConfig> Heads { get; init; } = [];

    /// <summary>Rows of a batch. (default: 32)</summary>
    public int Batch { get; init; } = 32;

    /// <summary>Passes over the data. (default: 10)</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Largest learning rate, reached at the end of the warm-up. (default: 2e-5)</summary>
    public double LearningRate { get; init; } = 2e-5;

    /// <summary>Share of all steps over which the rate rises from 0; then it falls to 0, both linearly. (default: 0.06)</summary>
    public double Warmup { get; init; } = 0.06;

    /// <summary>Pull of matrices towards zero, a step times the rate; biases and LayerNorm are left alone. (default: 0.01)</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>ε of AdamW. (default: 1e-8)</summary>
    public double AdamEpsilon { get; init; } = 1e-8;

    /// <summary>Gradients with a larger norm are scaled down to it; 0 never. (default: 1)</summary>
    public double GradientNorm { get; init; } = 1;

    /// <summary>
    /// Keeps a moving average of the weights, of which this share stays at a step, and measures and saves that in their place: 0.999 is the mean of about the last
    /// 1,000 steps. Costs 4 bytes a weight. 0 keeps none. (default: 0)
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] // trainings begun before it was a setting can go on
    public double Average { get; init; }

    /// <summary>Share of activations and attention probabilities that are dropped. (default: 0.1)</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Tokens of a row at most, [CLS] and [SEP] counted; a longer text loses its tail, or is read in segments. (default: 256)</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>
    /// Reads texts that are too long in segments that overlap: overlap (32), most (8), aggregate (mean, or max). Each segment is a row with the text's labels, all together count
    /// as much as one text; development rows are measured as texts. A bundle gets it from the option --segments of 'import' and 'quantize'. (default: none)
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] // as with the average above
    public SegmentSettings? Segments { get; init; }

    /// <summary>Decides the order of the data, dropout and new heads. (default: 1)</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Epochs without a better mean F1 on the development rows after which training ends; 0 never ends early. (default: 2)</summary>
    public int Patience { get; init; } = 2;

    /// <summary>Steps between checkpoints; the end of an epoch always makes one. (default: 500)</summary>
    public int CheckpointSteps { get; init; } = 500;

    /// <summary>
    /// Where it runs: cpu; cuda, the first NVIDIA GPU that is visible; or cpu-graph, the graph made for cuda on the CPU, to compare the two. A training can go on on another
    /// device; its weights are then not to the bit those of one that stayed. (default: cpu)
    /// </summary>
    [JsonIgnore] // so that it can
    public string Device { get; init; } = Cpu;

    /// <summary>Threads; 0 takes all cores. (default: 0)</summary>
    public int Threads { get; init; }

    public FreezeConfig Freeze { get; init; } = new();
}

/// <summary>
/// Labelled rows. By the end of their names: <c>.conll</c> files have sentences with a tag a word and comments <c># column = value</c> before them, <c>.json</c> files
/// questions about texts (SQuAD 1.1); all others are CSV with a header line. Files of several kinds may go together: each labels the heads it can.
/// </summary>
internal sealed record DataConfig
{
    /// <summary>Files with the training rows.</summary>
    public List<string> Train { get; init; } = [];

    /// <summary>Files with the development rows. Without them the split column decides, and without that every fifth row by a hash of its text (of questions, of what they are about).</summary>
    public List<string> Dev { get; init; } = [];

    /// <summary>Column with the text. (default: text)</summary>
    public string Text { get; init; } = "text";

    /// <summary>Column with a second text, for pairs.</summary>
    public string? Pair { get; init; }

    /// <summary>Column that says <c>train</c> or <c>dev</c>; rows that say anything else are left out. Without meaning where there are dev files.</summary>
    public string? Split { get; init; }

    /// <summary>Column with where a row is from. (default: source)</summary>
    public string Source { get; init; } = "source";

    /// <summary>Sources whose rows are left out.</summary>
    public List<string> Without { get; init; } = [];

    /// <summary>By source, what its training rows count in the losses; 1 where a source is not named.</summary>
    public Dictionary<string, float> SourceWeights { get; init; } = [];

    /// <summary>Another model's opinion of the training rows; without files nobody is asked.</summary>
    public TeacherConfig Teacher { get; init; } = new();
}

/// <summary>What another model says of the training rows: lines of <c>streamscorer score</c>, found by the rows' ids.</summary>
internal sealed record TeacherConfig
{
    /// <summary>Files with those lines; several are several teachers, of which the mean counts.</summary>
    public List<string> Scores { get; init; } = [];

    /// <summary>Column with the id. (default: id)</summary>
    public string Id { get; init; } = "id";

    /// <summary>What the teacher's probabilities count where a head's label is missing, between 0 and 1. (default: 0.5)</summary>
    public float Weight { get; init; } = 0.5f;

    /// <summary>The teacher's share of the target where the label is there, between 0 and 1. (default: 0)</summary>
    public float Share { get; init; }
}

/// <summary>A head and its labels in the data.</summary>
internal sealed record HeadConfig
{
    /// <summary>softmax: one label of several. sigmoid: each label yes or no. token: a tag a word, for entities. span: an answer's first and last token.</summary>
    public string Kind { get; init; } = "softmax";

    /// <summary>
    /// In the order of the logits; of two the first is false or negative. token: O, and B-type and I-type for each type. span: nothing, which is start and end.
    /// </summary>
    public List<string> Labels { get; init; } = [];

    /// <summary>
    /// Column with a label's name or its index from 0; for a sigmoid head with the names of all that apply, separated by spaces, commas, semicolons or bars, or - for none.
    /// An empty cell is a missing label, which costs nothing. In CoNLL files comments are the columns, and <c>has_entity</c> says 1 where the tags mark one, else 0;
    /// the tags themselves are no column. (default: softmax: the head's name; sigmoid: a column a label, with 0, 1 or nothing)
    /// </summary>
    public string? Column { get; init; }

    /// <summary>What the head's loss counts in the sum. (default: 1)</summary>
    public float Weight { get; init; } = 1;

    /// <summary>What each label's rows count in the head's loss; of a sigmoid head, what its yes counts; not for spans. (default: 1 each)</summary>
    public List<float> ClassWeights { get; init; } = [];

    /// <summary>Labels that rows without one may be taken to have; the first that fits counts. softmax only.</summary>
    public List<AssumeConfig> Assume { get; init; } = [];

    [JsonIgnore]
    [YamlIgnore]
    public HeadKind ParsedKind => Enum.Parse<HeadKind>(Kind, ignoreCase: true);

    /// <summary>Labels of a row that has none for the head.</summary>
    public short[] NoLabels() => ParsedKind switch
    {
        HeadKind.Softmax => [-1],
        HeadKind.Sigmoid => [.. Labels.Select(_ => (short)-1)],
        _ => [],
    };
}

/// <summary>
/// A label that is not in the data but as good as certain: a post that praises is no hate. It keeps a head from learning what the sources of its labels
/// have in common (a language, say) in place of the label.
/// </summary>
internal sealed record AssumeConfig
{
    /// <summary>Column that tells.</summary>
    public string Column { get; init; } = "";

    /// <summary>Values of the column for which the label is assumed.</summary>
    public List<string> Values { get; init; } = [];

    /// <summary>The label by its name.</summary>
    public string Label { get; init; } = "";

    /// <summary>What such a row counts in the head's loss, between 0 and 1. (default: 0.5)</summary>
    public float Weight { get; init; } = 0.5f;
}

/// <summary>What stays as it is in the checkpoint.</summary>
internal sealed record FreezeConfig
{
    /// <summary>Everything but the heads and the pooler. (default: false)</summary>
    public bool Backbone { get; init; }

    /// <summary>Word, position and segment embeddings with their normalisation. (default: false)</summary>
    public bool Embeddings { get; init; }

    /// <summary>The first n layers, and the embeddings with them. (default: 0)</summary>
    public int Layers { get; init; }

    /// <summary>Heads by name.</summary>
    public List<string> Heads { get; init; } = [];
}

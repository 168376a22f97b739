//! `langevin sample`.

use std::path::PathBuf;

use clap::Args;
use langevin_models::Bounds;
use langevin_schedulers::Mode;

use crate::args::additions::Additions;
use crate::args::classes::Classes;
use crate::args::number::{bounds, count, finite, interval, size, unit_interval};

/// Draw pictures from a model
///
/// Picture i starts from seed + i and depends on nothing else: any --batch and any --threads give the same bytes.
/// Each PNG (00000.png, 00001.png, …) records its settings in text chunks; a contact sheet, sheet.png, shows all of
/// them.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  langevin sample runs/quickstart --class 3 --count 10 --guidance 2 --animate \
                        three.gif\n\nTen of each of three classes, thirty pictures in all:\n  langevin sample \
                        runs/quickstart --class 0,3,7 --count 30\n\nFrom words, with a folder of Stable Diffusion:\n  \
                        langevin sample ./stable-diffusion --prompt \"a lighthouse at dawn\" --steps 25\n\nFrom a picture, \
                        or only where a mask is white:\n  langevin sample ./stable-diffusion --prompt \"the same at \
                        night\" --init dawn.png --strength 0.6 --mask sky.png"
)]
pub(crate) struct Sample {
    /// A run folder (its model/ is used), a diffusers folder, or a file that holds a whole model
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// Weights to read where a component has them, such as fp16 [default: those without a variant]
    #[arg(long, value_name = "NAME", value_parser = crate::args::variant::variant)]
    pub(crate) variant: Option<String>,
    /// Where the tokenizers of a model in one file are: a folder that holds them, or one itself [default: the folders
    /// tokenizer, tokenizer_2, … beside MODEL]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) tokenizer: Option<PathBuf>,
    /// Class of the pictures: a number, a list 0,3,7 or a range 0-9; repeatable [default: all classes in turn]
    #[arg(long, value_name = "K", allow_hyphen_values = true)]
    pub(crate) class: Vec<Classes>,
    /// What the picture shall show, in words, for folders that read prompts; repeatable, one picture for each
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: Vec<String>,
    /// A file of prompts, one in each line
    #[arg(long, value_name = "FILE")]
    pub(crate) prompts: Option<PathBuf>,
    /// What no picture shall show [default: nothing]
    #[arg(long, value_name = "TEXT")]
    pub(crate) negative: Option<String>,
    /// A picture to start from, for folders that read prompts; PNG, JPEG, WebP or BMP
    #[arg(long, value_name = "IMAGE")]
    pub(crate) init: Option<PathBuf>,
    /// How much that picture is changed: 0 is not at all, 1 is beyond recognition [default: what suits the model]
    #[arg(long, value_name = "S", value_parser = unit_interval)]
    pub(crate) strength: Option<f64>,
    /// What of it shall change: white where it is drawn anew, black where it stays; as large as the picture
    #[arg(long, value_name = "IMAGE")]
    pub(crate) mask: Option<PathBuf>,
    /// Height and width of pictures from prompts, in pixels [default: what the model was made for, or those of --init]
    #[arg(long, value_name = "HEIGHTxWIDTH", value_parser = size)]
    pub(crate) size: Option<[usize; 2]>,
    /// Make large pictures from prompts in overlapping tiles, in less memory; seams may show
    #[arg(long)]
    pub(crate) tiles: bool,
    /// Layers of the text encoder left out at the end
    #[arg(long, value_name = "N", default_value = "0")]
    pub(crate) clip_skip: usize,
    #[command(flatten)]
    pub(crate) additions: Additions,
    /// Pictures in all; picture i is of the i-th of the classes given, in turn [default: one of each, or 16]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) count: Option<usize>,
    /// Steps from noise to picture [default: what suits the model]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) steps: Option<usize>,
    /// Solver: euler (or ddim), ancestral (or ddpm), lcm, heun, heun-flow, rk4, dpm-2, dpm-3, dpm-2s, dpm-2m, dpm-3m,
    /// unipc-2, unipc-3, deis, lms, plms, ipndm, sa; scheduler is the folder's own scheduler with its own
    /// steps, as Python's diffusers runs it [default: what suits the model; scheduler in folders from elsewhere]
    #[arg(long, value_name = "NAME")]
    pub(crate) solver: Option<String>,
    /// Where the steps lie: uniform, leading, trailing, linspace, quadratic, karras, exponential, lu, beta, ays, ays-sdxl,
    /// ays-svd [default: what suits the model]
    #[arg(long, value_name = "NAME")]
    pub(crate) grid: Option<String>,
    /// Share of fresh noise in each step: 0 is deterministic, 1 is ancestral
    #[arg(long, value_name = "E", value_parser = unit_interval)]
    pub(crate) eta: Option<f64>,
    /// Strength of classifier-free guidance; 1 is none [default: what suits the model]
    #[arg(long, value_name = "S", value_parser = finite)]
    pub(crate) guidance: Option<f64>,
    /// Guide only where LOW < sigma/alpha <= HIGH; HIGH may be inf [default: what suits the model]
    #[arg(long, value_name = "LOW,HIGH", value_parser = interval)]
    pub(crate) guidance_interval: Option<[f64; 2]>,
    /// Bring a guided output back to the spread of the unguided one by this share, against glaring pictures (Lin et al.
    /// 2024, who take 0.7); 0 is not at all
    #[arg(long, value_name = "SHARE", value_parser = unit_interval)]
    pub(crate) guidance_rescale: Option<f64>,
    /// Keep only this share of guidance along the estimate itself, against saturated pictures (Sadat et al. 2024, who take
    /// 0); 1 is plain guidance
    #[arg(long, value_name = "SHARE", value_parser = unit_interval, conflicts_with = "guidance_rescale")]
    pub(crate) guidance_project: Option<f64>,
    /// Keep each estimate of the picture within −1 to 1: clipped, or with =QUANTILE, such as 0.995, divided by that
    /// quantile of its own numbers (Saharia et al. 2022)
    #[arg(long, value_name = "QUANTILE", num_args = 0..=1, require_equals = true, default_missing_value = "clip", value_parser = bounds)]
    pub(crate) clip: Option<Bounds>,
    /// Folder of the pictures, or FILE.png for the contact sheet alone [default: samples, or samples-2, …]
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
    /// Also write the denoising as an animation
    #[arg(long, value_name = "FILE.gif")]
    pub(crate) animate: Option<PathBuf>,
    /// Start from the tensor `latents` [N, C, H, W] of this file instead of drawing noise
    #[arg(long, value_name = "IN.safetensors")]
    pub(crate) latents: Option<PathBuf>,
    /// Save every state as `trajectory` [steps+1, N, C, H, W] and the result as `sample` [N, C, H, W]
    #[arg(long, value_name = "OUT.safetensors")]
    pub(crate) trajectory: Option<PathBuf>,
    /// With the folder's scheduler: reproduce known bugs of diffusers (as-diffusers) or mend them (fixed)
    #[arg(long, value_name = "MODE", default_value = "as-diffusers")]
    pub(crate) mode: Mode,
    /// Random numbers: philox is ours, torch is PyTorch's CPU generator for the same seed
    #[arg(long, value_name = "NAME", default_value = "philox")]
    pub(crate) rng: String,
    /// Pictures at a time; it changes speed and memory, never the pictures [default: what suits the model]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) batch: Option<usize>,
}
